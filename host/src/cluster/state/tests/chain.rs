//! The journal of a cluster's rooms.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use ws_cluster::{Act, Entry, Life, RoomRecord};

use super::*;
use crate::cluster::state::chain::MAX_TURN_BYTES;
use crate::cluster::state::{Chain, ChainJournal, TurnWrites, decode_writes};
use crate::config::Limits;
use crate::room::{Backing, Journal, JournalError, Room, RoomLimits, Stores};

/// The most bytes of a message of NATS, as servers have it by default.
const MAX_PAYLOAD: usize = 1 << 20;

fn now<T>(call: impl Future<Output = T>) -> T {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a chain waits for nothing"),
    }
}

fn commit(chain: &Chain, writes: Vec<Write>) {
    let (done, report) = std::sync::mpsc::channel();
    chain.commit(writes, Box::new(move |result| done.send(result).expect("the test waits")));
    assert_eq!(report.try_recv(), Ok(Ok(())), "it is reported at once");
}

fn item(chain: &Chain) -> Bytes {
    match chain.take_writes() {
        Some(TurnWrites::Item(item)) => item,
        other => panic!("{other:?}"),
    }
}

/// The journal of a cluster that has one other room.
fn journal(store_room_bytes: u64) -> ChainJournal {
    ChainJournal::new(store_room_bytes, Arc::new(|room| Box::pin(std::future::ready(Ok(room == "/other")))))
}

fn chain() -> Arc<Chain> {
    journal(8 << 20).put(ROOM.into(), state())
}

#[test]
fn a_room_opens_with_the_state_that_was_put_there_while_its_owner_has_it() {
    let (journal, mut state) = (journal(8 << 20), state());
    [set("a", "1"), Write::SetTimer(timer(1, 9)), Write::Close { at_us: 7 }].iter().for_each(|write| state.apply(write));
    let chain = journal.put(ROOM.into(), state);
    let opened = now(journal.open(ROOM)).expect("it was put there");
    let dormant = opened.dormant.expect("it has written");
    assert_eq!((opened.usage.keys, dormant.timers, dormant.is_clean), (1, vec![timer(1, 9)], true));
    assert_eq!(now(opened.backing.get("a")), Ok(Some("1".into())));
    commit(&chain, vec![set("b", "2")]);
    let again = now(journal.open(ROOM)).expect("its owner has it");
    assert_eq!((again.usage.keys, again.dormant.expect("it has written").is_clean), (2, false));
    drop((chain, opened.backing, again.backing));
    let refused = now(journal.open(ROOM)).expect_err("its owner has ended");
    assert_eq!(refused, JournalError("this node does not own the room \"/a\", and cannot open it".into()));
}

#[test]
fn the_cluster_knows_whether_a_room_of_another_name_exists() {
    let chain = journal(1).put(ROOM.into(), state());
    assert_eq!(["/other", "/third"].map(|room| now(chain.knows(room))), [Ok(true), Ok(false)]);
}

#[test]
fn the_commits_of_a_turn_are_one_item_and_a_turn_without_writes_has_none() {
    let chain = chain();
    assert_eq!(chain.take_writes(), None);
    commit(&chain, vec![set("a", "1")]);
    chain.add(&[set("b", "2")]);
    assert_eq!(decode_writes(item(&chain)), Ok(vec![set("a", "1"), set("b", "2")]));
    assert_eq!(chain.take_writes(), None);
    assert_eq!(now(chain.get("b")), Ok(Some("2".into())), "reads see it before its record is stored");
}

#[test]
fn the_items_of_turns_make_the_state_again() {
    let (chain, mut rng, mut items) = (chain(), Rng::with_seed(7), Vec::new());
    for _ in 0..300 {
        commit(&chain, writes(&mut rng));
        items.push(item(&chain));
    }
    let read = RoomState::from_data(ROOM.into(), items, Start::Handover).expect("it is well formed");
    assert_eq!(read.encode(), chain.read(RoomState::encode));
}

#[test]
fn a_room_over_a_chain_is_found_by_its_next_owner() {
    let journal = Arc::new(journal(8 << 20));
    let stores = Stores::journaled(Arc::clone(&journal) as Arc<dyn Journal>, 8 << 20);
    let mut records = Vec::new();
    for round in 0..3 {
        let state = RoomState::from_data(ROOM.into(), records.clone(), Start::Recovery).expect("it is well formed");
        let chain = journal.put(ROOM.into(), state);
        let mut room = Room::new(ROOM, RoomLimits::from(&Limits::default()), Instant::now);
        room.set_store(now(stores.open(ROOM)).expect("it was put there").0);
        for n in 0..3 {
            let mut store = room.store();
            now(store.delete(&format!("{n}"))).expect("it fits");
            now(store.set(&format!("{n}/{round}"), "value")).expect("it fits");
            assert_eq!(store.usage().keys, if round == 0 { n + 1 } else { round * 3 + n + 1 });
            let mut turn = room.commit();
            commit(&chain, turn.take_writes());
            room.note_durable(turn.commit());
            records.push(item(&chain));
        }
        let listed = now(room.store().list("1/", None, 9)).expect("a chain can be read");
        assert_eq!(listed.len() as u64, round + 1);
    }
}

#[test]
fn timers_requests_and_messages_may_have_as_much_as_the_store_once_more() {
    let chain = journal(50).put(ROOM.into(), state());
    commit(&chain, vec![Write::Set("k".into(), vec![0; 49].into()), Write::SetTimer(timer(1, 1))]);
    assert!(chain.has_room_for(46) && !chain.has_room_for(47));
    assert!(!chain.has_room_for(u64::MAX));
}

/// The length of the record of a turn with this item and a mark of each of the 1,024 nodes.
fn record_bytes(item: Bytes) -> usize {
    let marks = (0..1024).map(|number| (Life { since: u64::MAX, number }, u64::MAX)).collect();
    let entry = Entry { epoch: u64::MAX, number: u64::MAX, seen: u64::MAX, marks, data: vec![item] };
    let owner = Life { since: u64::MAX, number: 1023 };
    RoomRecord { owner, release: u64::MAX, act: Act::Commit { entry, whole: false } }.encode().len()
}

#[test]
fn the_record_of_a_turn_fits_into_one_message_with_room_for_headers() {
    assert!(record_bytes(vec![0; MAX_TURN_BYTES].into()) <= MAX_PAYLOAD - (64 << 10));
}

#[test]
fn a_handler_that_writes_as_much_as_it_may_has_one_item() {
    let chain = chain();
    // 768 KiB in values of 32 bytes and more, and the most requests with contexts of 64 KiB.
    commit(&chain, (0..(768 << 10) / 40).map(|n| Write::Set(format!("{n:08}").into(), vec![0; 32].into())).collect());
    assert!(item(&chain).len() <= MAX_TURN_BYTES);
    let context = Bytes::from(vec![0; 64 << 10]);
    commit(&chain, (0..12).map(|id| Write::SetRequest(OpenRequest { id, context: context.clone() })).collect());
    assert!(item(&chain).len() <= MAX_TURN_BYTES);
}

#[test]
fn a_turn_that_is_too_long_is_a_whole_state() {
    let chain = chain();
    commit(&chain, vec![set("before", "")]);
    item(&chain);
    let large = Snapshot { data: vec![0; MAX_TURN_BYTES].into(), ..snapshot("1", "", 5) };
    commit(&chain, vec![set("a", "1"), Write::Save(large), Write::Close { at_us: 7 }]);
    let Some(TurnWrites::Whole(whole)) = chain.take_writes() else { panic!("it does not fit") };
    let read = read(whole);
    assert_eq!((read.usage().keys, read.snapshots().len(), read.is_clean), (2, 1, true));
    assert_eq!(chain.take_writes(), None);
    commit(&chain, vec![set("b", "2")]);
    assert_eq!(decode_writes(item(&chain)), Ok(vec![set("b", "2")]));
}

#[test]
fn a_whole_state_is_due_by_the_turns_since_the_last_one_also_at_the_next_owner() {
    let chain = chain();
    let mut items = Vec::new();
    for _ in 0..256 {
        assert!(!chain.is_whole_due());
        commit(&chain, vec![set("a", "1")]);
        items.push(item(&chain));
    }
    assert!(chain.is_whole_due());
    let from = |items: &[Bytes]| RoomState::from_data(ROOM.into(), items.to_vec(), Start::Recovery).expect("it is well formed");
    assert!(from(&items).is_whole_due() && !from(&items[1..]).is_whole_due());
    let whole = chain.begin_whole();
    assert!(!chain.is_whole_due() && !from(&[whole]).is_whole_due());
    chain.whole_failed();
    assert!(chain.is_whole_due());
}
