//! Messages between rooms over a network and owners that fail.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use ws_cluster::Start;
use ws_cluster::codec::Malformed;

use super::*;
use crate::cluster::state::{RoomState, decode_writes, encode_writes};
use crate::store::{StoredEvent, Write};

const RESEND: Duration = Duration::from_millis(250);

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn event(id: u64, to: &str) -> StoredEvent {
    StoredEvent { id, to: to.into(), is_text: true, payload: "hello".into() }
}

fn outgoing(ids: &[u64]) -> Outgoing {
    Outgoing::new("/a".into(), RESEND, ids.iter().map(|id| event(*id, "/b")))
}

fn incoming() -> Incoming {
    Incoming::new("/b".into(), RoomState::new("/b".into()).marks().clone())
}

fn post(after: u64, id: u64) -> Post {
    Post { from: "/a".into(), after, event: event(id, "/b") }
}

fn receipt(through: u64) -> Receipt {
    Receipt { from: "/a".into(), by: "/b".into(), through }
}

#[test]
fn a_message_is_posted_again_until_its_receipt_comes() {
    let mut outgoing = outgoing(&[5, 7]);
    assert_eq!(outgoing.poll(at(0)), [post(0, 5), post(5, 7)]);
    assert_eq!(outgoing.poll(at(249)), []);
    assert_eq!(outgoing.handled(at(249), &receipt(5)), [Write::DropEvent { from: "/a".into(), id: 5 }]);
    assert_eq!(outgoing.poll(at(250)), [], "there was progress");
    assert_eq!(outgoing.poll(at(499)), [post(0, 7)]);
    outgoing.push(event(9, "/b"));
    assert_eq!(outgoing.poll(at(500)), [post(7, 9)]);
    assert_eq!(outgoing.handled(at(500), &receipt(9)).len(), 2);
    assert!(outgoing.is_empty());
    assert_eq!(outgoing.handled(at(500), &receipt(9)), []);
}

#[test]
fn a_receiver_has_64_messages_of_a_sender_at_most() {
    let mut outgoing = outgoing(&(1..=100).collect::<Vec<_>>());
    assert_eq!(outgoing.poll(at(0)).len(), 64);
    outgoing.handled(at(1), &receipt(10));
    let ids: Vec<_> = outgoing.poll(at(1)).iter().map(|post| post.event.id).collect();
    assert_eq!(ids, (65..=74).collect::<Vec<_>>());
}

#[test]
fn a_message_that_is_not_stored_is_posted_once_behind_those_before_it() {
    let mut outgoing = outgoing(&[5, 0, 7]);
    assert_eq!(outgoing.poll(at(0)), [post(0, 5), post(5, 0), post(5, 7)]);
    assert_eq!(outgoing.poll(at(250)), [post(0, 5), post(5, 7)]);
    let mut incoming = incoming();
    assert_eq!(incoming.receive(&post(5, 0)), Verdict::Gap);
    assert_eq!(incoming.receive(&post(0, 5)), Verdict::Take);
    assert_eq!(incoming.receive(&post(5, 0)), Verdict::Take);
    outgoing.handled(at(250), &receipt(7));
    outgoing.push(event(0, "/b"));
    assert_eq!(outgoing.poll(at(251)), [post(0, 0)]);
    assert!(outgoing.is_empty());
}

#[test]
fn a_message_of_a_room_to_itself_is_not_posted() {
    let mut outgoing = outgoing(&[]);
    outgoing.push(event(5, "/a"));
    assert!(outgoing.is_empty());
}

#[test]
fn a_message_is_taken_once_and_its_receipt_waits_for_the_record() {
    let mut incoming = incoming();
    assert_eq!(incoming.receive(&post(0, 5)), Verdict::Take);
    assert_eq!(incoming.receive(&post(0, 5)), Verdict::Waits);
    let writes = [4, 5].map(|id| Write::DropEvent { from: "/a".into(), id });
    let own = Write::DropEvent { from: "/b".into(), id: 9 };
    assert_eq!(incoming.receipts(&[writes[1].clone(), own, writes[0].clone()]), [receipt(5)]);
    assert_eq!(incoming.receive(&post(0, 5)), Verdict::Waits);
    incoming.stored(&receipt(5));
    assert_eq!(incoming.receive(&post(0, 5)), Verdict::Handled(receipt(5)));
}

#[test]
fn a_message_behind_a_missing_one_is_not_taken() {
    let mut incoming = incoming();
    assert_eq!(incoming.receive(&post(5, 7)), Verdict::Gap);
    assert_eq!(incoming.receive(&post(0, 5)), Verdict::Take);
    assert_eq!(incoming.receive(&post(5, 7)), Verdict::Take);
}

#[test]
fn mail_survives_its_encoding_and_other_bytes_are_refused() {
    let mut rng = Rng::with_seed(1);
    for mail in [Mail::Post(post(300, 5)), Mail::Receipt(receipt(7))] {
        let bytes = mail.encode();
        assert_eq!(Mail::decode(bytes.clone()), Ok(mail));
        assert!((0..bytes.len()).all(|length| Mail::decode(bytes.slice(..length)) == Err(Malformed)));
        for _ in 0..2000 {
            let mut bytes = bytes.to_vec();
            let place = rng.usize(0..bytes.len());
            bytes[place] = rng.u8(..);
            let _ = Mail::decode(bytes.into());
        }
    }
}

/// A room with its records and its owner.
struct Owned {
    name: &'static str,
    records: Vec<Bytes>,
    outgoing: Outgoing,
    incoming: Incoming,
    /// Messages that the room has got.
    waiting: Vec<(Arc<str>, u64)>,
    /// Turns whose records are not stored.
    held: Vec<Vec<Write>>,
    /// The messages that its records have as handled.
    handled: Vec<(Arc<str>, u64)>,
    last: u64,
}

impl Owned {
    fn new(name: &'static str) -> Self {
        let state = RoomState::new(name.into());
        let outgoing = Outgoing::new(name.into(), RESEND, []);
        let incoming = Incoming::new(name.into(), state.marks().clone());
        Self { name, records: vec![], outgoing, incoming, waiting: vec![], held: vec![], handled: vec![], last: 0 }
    }

    /// The owner dies, and another one reads the records.
    fn fail_over(&mut self) {
        let state = RoomState::from_data(self.name.into(), self.records.clone(), Start::Recovery).expect("it is well formed");
        self.outgoing = Outgoing::new(self.name.into(), RESEND, state.pending_events().cloned());
        self.incoming = Incoming::new(self.name.into(), state.marks().clone());
        (self.waiting, self.held, self.last) = (vec![], vec![], state.last_event());
    }

    fn handle(&mut self) {
        if !self.waiting.is_empty() {
            let (from, id) = self.waiting.remove(0);
            self.held.push(vec![Write::DropEvent { from, id }]);
        }
    }

    fn send(&mut self, to: &str) {
        self.last += 1;
        self.held.push(vec![Write::SetEvent(event(self.last, to))]);
    }

    /// The oldest record is stored.
    fn store(&mut self, network: &mut Vec<Mail>) {
        if self.held.is_empty() {
            return;
        }
        let writes = self.held.remove(0);
        self.records.push(encode_writes(&writes));
        for receipt in self.incoming.receipts(&writes) {
            self.incoming.stored(&receipt);
            self.handled.push((Arc::clone(&receipt.from), receipt.through));
            network.push(Mail::Receipt(receipt));
        }
        for write in writes {
            if let Write::SetEvent(event) = write {
                self.outgoing.push(event);
            }
        }
    }

    fn receive(&mut self, now: Duration, mail: Mail, network: &mut Vec<Mail>) {
        match mail {
            Mail::Post(post) => match self.incoming.receive(&post) {
                Verdict::Take => self.waiting.push((post.from, post.event.id)),
                Verdict::Handled(receipt) => network.push(Mail::Receipt(receipt)),
                Verdict::Waits | Verdict::Gap => {}
            },
            Mail::Receipt(receipt) => {
                let drops = self.outgoing.handled(now, &receipt);
                self.held.extend((!drops.is_empty()).then_some(drops));
            }
        }
    }
}

fn receive(rooms: &mut [Owned; 3], now: Duration, mail: Mail, network: &mut Vec<Mail>) {
    let room = rooms.iter_mut().find(|room| **mail.room() == *room.name).expect("it is one of the three");
    room.receive(now, mail, network);
}

fn run(seed: u64) {
    let (mut rng, names) = (Rng::with_seed(seed), ["/a", "/b", "/c"]);
    let (mut rooms, mut network) = (names.map(Owned::new), Vec::<Mail>::new());
    for step in 0..1000 {
        let now = at(step * 50);
        let nth = rng.usize(0..3);
        match rng.u8(0..40) {
            0 => rooms[nth].fail_over(),
            1..5 => rooms[nth].send(names[(nth + rng.usize(1..3)) % 3]),
            5..12 => rooms[nth].handle(),
            12..20 => rooms[nth].store(&mut network),
            20..24 => network.extend(rooms[nth].outgoing.poll(now).into_iter().map(Mail::Post)),
            24 if !network.is_empty() => drop(network.swap_remove(rng.usize(0..network.len()))),
            25..28 if !network.is_empty() => network.push(network[rng.usize(0..network.len())].clone()),
            28.. if !network.is_empty() => {
                let mail = network.swap_remove(rng.usize(0..network.len()));
                receive(&mut rooms, now, mail, &mut network);
            }
            _ => {}
        }
    }
    settle(&mut rooms, network);
    check(&rooms, seed);
}

/// Nothing fails any more.
fn settle(rooms: &mut [Owned; 3], mut network: Vec<Mail>) {
    for round in 0..100 {
        let now = at(100_000 + round * 250);
        for room in rooms.iter_mut() {
            network.extend(room.outgoing.poll(now).into_iter().map(Mail::Post));
        }
        while !network.is_empty() {
            let mail = network.remove(0);
            receive(rooms, now, mail, &mut network);
        }
        for room in rooms.iter_mut() {
            while !room.waiting.is_empty() || !room.held.is_empty() {
                room.handle();
                room.store(&mut network);
            }
        }
    }
    assert!(rooms.iter().all(|room| room.outgoing.is_empty()));
}

/// Each stored message was handled once, those of one room in their order.
fn check(rooms: &[Owned; 3], seed: u64) {
    for receiver in rooms {
        for sender in rooms {
            let sent = sender.records.iter().flat_map(|item| decode_writes(item.clone()).expect("well formed"));
            let sent: Vec<_> = sent
                .filter_map(|write| match write {
                    Write::SetEvent(event) if *event.to == *receiver.name => Some(event.id),
                    _ => None,
                })
                .collect();
            let handled = receiver.handled.iter().filter(|(from, _)| **from == *sender.name).map(|(_, id)| *id);
            assert_eq!(handled.collect::<Vec<_>>(), sent, "seed {seed}, {} to {}", sender.name, receiver.name);
        }
    }
}

#[test]
fn each_stored_message_is_handled_once_and_in_order_in_any_trouble() {
    (0..100).for_each(run);
}
