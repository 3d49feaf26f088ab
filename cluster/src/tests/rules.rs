//! Single rules, one after the other.

use std::time::Duration;

use bytes::Bytes;

use crate::journal::Journal;
use crate::{
    Act, Answer, Broken, Claim, Edge, Effect, Entry, Event, Input, Letter, Life, Limits, Member, Message, Neighbours, NodeRecord,
    Owner, RoomRecord, Standing, Start, Stop, Time, Timing, Told, Turn, Verdict,
};

pub(super) const US: Life = Life { since: 1, number: 1 };
pub(super) const OTHER: Life = Life { since: 2, number: 2 };

pub(super) fn at(millis: u64) -> Time {
    Duration::from_millis(millis)
}

/// A watch tells the first records of both.
pub(super) fn watch_anew(neighbours: &mut Neighbours, millis: u64) {
    for life in [US, OTHER] {
        neighbours.record(at(millis), life.since, life.number, NodeRecord::Alive { nonce: 0, since: 0, beat: 0 });
    }
}

/// Both nodes live, in a view up to 9.
pub(super) fn neighbours() -> Neighbours {
    let mut neighbours = Neighbours::new(Timing::default());
    watch_anew(&mut neighbours, 0);
    assert_eq!(neighbours.reconnected(at(0), 9), None);
    neighbours
}

/// NATS is back with what it had.
fn is_back(neighbours: &mut Neighbours, millis: u64) {
    neighbours.disconnected();
    watch_anew(neighbours, millis);
    assert_eq!(neighbours.reconnected(at(millis), 9), None);
}

fn claim_by(owner: Life) -> RoomRecord {
    RoomRecord { owner, release: 0, act: Act::Claim { attempt: 1 } }
}

fn commit_by(owner: Life, epoch: u64, number: u64) -> RoomRecord {
    let entry = Entry { epoch, number, data: vec![Bytes::from_static(b"w")], ..Entry::default() };
    RoomRecord { owner, release: 0, act: Act::Commit { entry, whole: false } }
}

#[test]
fn a_new_life_takes_the_lowest_number_that_none_has() {
    let mut neighbours = Neighbours::new(Timing::default());
    assert_eq!(neighbours.free(), Some((0, 0)));
    let alive = |sequence| NodeRecord::Alive { nonce: sequence, since: 0, beat: 0 };
    for number in 0..1024 {
        neighbours.record(at(0), u64::from(number) + 1, number, alive(u64::from(number)));
    }
    assert_eq!(neighbours.free(), None);
    neighbours.record(at(0), 2000, 7, NodeRecord::Gone { since: 8 });
    assert_eq!(neighbours.free(), Some((7, 2000)));
}

#[test]
fn a_node_is_buried_when_it_has_been_silent_for_two_seconds() {
    let mut neighbours = neighbours();
    neighbours.record(at(1000), 10, 1, NodeRecord::Alive { nonce: 0, since: 1, beat: 1 });
    assert_eq!(neighbours.bury(at(1999)), None);
    let (number, publication) = neighbours.bury(at(2000)).expect("the other has been silent");
    assert_eq!((number, publication.expected, publication.record), (2, 2, NodeRecord::Gone { since: 2 }));
    assert_eq!(neighbours.bury(at(2000)), None);
    assert!(!neighbours.is_gone(OTHER));
    assert_eq!(neighbours.record(at(2100), 11, 2, publication.record), Some(OTHER));
    assert!(neighbours.is_gone(OTHER));
}

#[test]
fn nodes_that_were_away_together_get_time_to_renew() {
    let mut neighbours = neighbours();
    is_back(&mut neighbours, 8000);
    is_back(&mut neighbours, 9000);
    assert_eq!(neighbours.bury(at(12_999)), None, "NATS was away for long, and may be slow at first");
    assert!(neighbours.bury(at(13_000)).is_some());
}

#[test]
fn a_watch_that_begins_anew_gives_a_silent_node_its_time_and_no_more() {
    let mut neighbours = neighbours();
    is_back(&mut neighbours, 500);
    assert_eq!(neighbours.bury(at(2499)), None);
    assert!(neighbours.bury(at(2500)).is_some());
}

#[test]
fn a_clock_that_went_backwards_gives_no_longer_excuse() {
    let mut neighbours = neighbours();
    is_back(&mut neighbours, 60_000);
    assert_eq!(neighbours.bury(at(1000)), None, "its time begins anew");
    assert!(neighbours.bury(at(3000)).is_some());
}

#[test]
fn a_life_without_a_record_in_view_is_over() {
    let mut neighbours = neighbours();
    assert!(neighbours.is_gone(Life { since: 9, number: 3 }));
    assert!(!neighbours.is_gone(Life { since: 10, number: 3 }));
    // While the watch begins anew, records come out of turn.
    neighbours.disconnected();
    watch_anew(&mut neighbours, 0);
    neighbours.record(at(0), 20, 2, NodeRecord::Alive { nonce: 0, since: 2, beat: 9 });
    assert!(!neighbours.is_gone(Life { since: 15, number: 3 }));
    assert_eq!(neighbours.reconnected(at(0), 20), None);
    assert!(neighbours.is_gone(Life { since: 15, number: 3 }));
}

#[test]
fn a_stream_that_ends_before_the_view_was_restored() {
    assert_eq!(neighbours().reconnected(at(1), 8), Some(Stop::Restored));
}

#[test]
fn a_stream_without_a_record_that_was_seen_was_restored() {
    let mut neighbours = neighbours();
    neighbours.record(at(1), 12, 2, NodeRecord::Alive { nonce: 0, since: 2, beat: 1 });
    neighbours.disconnected();
    watch_anew(&mut neighbours, 2);
    assert_eq!(neighbours.reconnected(at(2), 30), Some(Stop::Restored));
}

#[test]
fn a_node_whose_record_cannot_be_read_is_left_alone() {
    let (mut neighbours, before) = (neighbours(), neighbours());
    let third = Life { since: 7, number: 3 };
    for (number, sequence) in [(1, 10), (3, 11)] {
        neighbours.unreadable(at(0), sequence, number);
    }
    assert_eq!(neighbours.alive(), [OTHER].into(), "nobody knows their lives");
    assert_eq!(neighbours.free(), before.free(), "their numbers are taken");
    assert!(!neighbours.is_gone(US) && !neighbours.is_gone(third), "their rooms are not claimed");
    neighbours.record(at(5000), 12, 2, NodeRecord::Alive { nonce: 0, since: 2, beat: 1 });
    assert_eq!(neighbours.bury(at(5000)), None);
    neighbours.disconnected();
    neighbours.record(at(1), 12, 2, NodeRecord::Alive { nonce: 0, since: 2, beat: 1 });
    for (number, sequence) in [(1, 10), (3, 11)] {
        neighbours.unreadable(at(2), sequence, number);
    }
    assert_eq!(neighbours.reconnected(at(2), 12), None, "no record is missing");
    // Another version's nodes bury it, and its number is taken again.
    neighbours.record(at(3), 13, 3, NodeRecord::Gone { since: 7 });
    assert!(neighbours.is_gone(third));
    neighbours.unreadable(at(4), 14, 3);
    assert!(neighbours.is_gone(third) && !neighbours.is_gone(Life { since: 14, number: 3 }));
}

#[test]
fn a_stream_with_another_record_at_a_sequence_that_was_seen_was_restored() {
    let mut neighbours = neighbours();
    neighbours.disconnected();
    neighbours.record(at(1), 1, 1, NodeRecord::Alive { nonce: 0, since: 0, beat: 0 });
    neighbours.record(at(1), 2, 2, NodeRecord::Gone { since: 1 });
    assert_eq!(neighbours.reconnected(at(1), 9), Some(Stop::Restored));
}

#[test]
fn a_life_that_renews_its_lease_after_its_end_stays_over_and_is_buried_again() {
    let mut neighbours = neighbours();
    assert_eq!(neighbours.record(at(3000), 10, 2, NodeRecord::Gone { since: 2 }), Some(OTHER));
    assert_eq!(neighbours.record(at(3001), 11, 2, NodeRecord::Alive { nonce: 0, since: 2, beat: 1 }), None);
    assert!(neighbours.is_gone(OTHER));
    assert!(!neighbours.alive().contains(&OTHER));
    neighbours.record(at(3002), 12, 1, NodeRecord::Alive { nonce: 0, since: 1, beat: 1 });
    let (number, publication) = neighbours.bury(at(3002)).expect("its last record says that it lives");
    assert_eq!((number, publication.expected, publication.record), (2, 11, NodeRecord::Gone { since: 2 }));
    neighbours.record(at(3003), 13, 2, publication.record);
    assert_eq!(neighbours.bury(at(3003)), None);
}

#[test]
fn a_room_of_a_living_node_is_not_claimed() {
    let mut claim = Claim::new(US, 5, 0);
    let owned = Verdict::Owned { owner: OTHER, epoch: 3 };
    assert_eq!(claim.looked(Some((3, &claim_by(OTHER))), &neighbours()), owned);
    assert_eq!(claim.looked(Some((8, &commit_by(OTHER, 3, 1))), &neighbours()), owned);
}

#[test]
fn a_claim_without_an_answer_is_found_in_the_stream() {
    let mut claim = Claim::new(US, 1, 0);
    let first = claim.looked(None, &neighbours());
    assert_eq!(claim.answered(Answer::Unknown, &neighbours()), first);
    let refused = Answer::Refused { last: Some((4, claim_by(US))) };
    assert_eq!(claim.answered(refused, &neighbours()), Verdict::Won { epoch: 4 });
}

#[test]
fn a_claim_that_was_stored_late_is_claimed_again() {
    let Verdict::Publish(publication) = Claim::new(US, 2, 0).looked(Some((4, &claim_by(US))), &neighbours()) else { panic!() };
    assert_eq!(publication.expected, 4);
}

#[test]
fn turns_that_wait_are_one_record() {
    let mut journal = Journal::new(US, (4, 0), 8);
    journal.push(1, [(US, 1)], Some(Bytes::from_static(b"a")));
    let first = journal.poll(9, 0).expect("a turn waits");
    journal.push(2, [(US, 2)], None);
    journal.push(3, [(US, 3)], Some(Bytes::from_static(b"b")));
    assert_eq!(journal.poll(9, 0), None);
    journal.answered(Answer::Stored(7));
    assert_eq!((first.expected, journal.durable()), (4, 1));
    let second = journal.poll(9, 0).expect("turns wait");
    let entry = Entry { epoch: 4, number: 2, seen: 9, marks: vec![(US, 3)], data: vec![Bytes::from_static(b"b")] };
    assert_eq!((second.expected, second.record.act), (7, Act::Commit { entry, whole: false }));
}

#[test]
fn a_record_has_as_many_turns_as_fit_and_one_at_least() {
    let (mut journal, mut sequence) = (Journal::new(US, (4, 0), 8), 4);
    for (turn, bytes) in [(1, 9), (2, 4), (3, 0), (4, 4), (5, 1), (6, 0)] {
        journal.push(turn, [], (bytes > 0).then(|| vec![0; bytes].into()));
    }
    for durable in [1, 4, 6] {
        journal.poll(9, 0).expect("turns wait");
        sequence += 1;
        journal.answered(Answer::Stored(sequence));
        assert_eq!(journal.durable(), durable);
    }
    assert_eq!(journal.poll(9, 0), None);
}

#[test]
fn a_commit_without_an_answer_is_sent_again_and_found_in_the_stream() {
    let mut journal = Journal::new(US, (4, 0), 8);
    journal.push(1, [], None);
    let commit = journal.poll(9, 0).expect("a turn waits");
    journal.answered(Answer::Unknown);
    journal.push(2, [], None);
    assert_eq!(journal.poll(9, 0).as_ref(), Some(&commit));
    // The read came before the first copy.
    journal.answered(Answer::Refused { last: Some((4, claim_by(US))) });
    assert_eq!((journal.durable(), journal.stopped()), (0, None));
    assert_eq!(journal.poll(9, 0).as_ref(), Some(&commit));
    journal.answered(Answer::Refused { last: Some((8, commit.record)) });
    assert_eq!(journal.durable(), 1);
}

#[test]
fn an_owner_stops_when_it_is_replaced_or_the_stream_is_restored() {
    let cases =
        [(Some((9, claim_by(OTHER))), Stop::Replaced), (Some((2, claim_by(OTHER))), Stop::Restored), (None, Stop::Restored)];
    for (last, why) in cases {
        let mut journal = Journal::new(US, (4, 0), 8);
        journal.push(1, [], None);
        journal.poll(9, 0).expect("a turn waits");
        journal.answered(Answer::Refused { last });
        assert_eq!((journal.stopped(), journal.durable()), (Some(why), 0));
        assert_eq!(journal.poll(9, 0), None);
    }
}

#[test]
fn a_record_that_does_not_follow_breaks_the_chain() {
    let of = |records: Vec<(u64, RoomRecord)>| Standing::of(records).map(|standing| standing.start);
    assert_eq!(of(vec![(1, claim_by(US)), (2, commit_by(US, 1, 1)), (3, commit_by(US, 1, 2))]), Ok(Start::New));
    assert_eq!(of(vec![(1, claim_by(US)), (3, commit_by(US, 1, 2))]), Err(Broken));
    assert_eq!(of(vec![(1, claim_by(US)), (2, claim_by(OTHER)), (3, commit_by(US, 1, 1))]), Err(Broken));
    assert_eq!(of(vec![(2, commit_by(US, 1, 1))]), Err(Broken));
    assert_eq!(of(vec![(1, claim_by(US)), (2, claim_by(OTHER))]), Ok(Start::Takeover));
    assert_eq!(of(vec![(1, claim_by(US)), (2, commit_by(US, 1, 1)), (3, claim_by(OTHER))]), Ok(Start::Recovery));
}

/// An owner that serves a new room, and the edge of the other node that has one member and its welcome.
pub(super) fn serving(limits: Limits) -> (Owner, Edge) {
    let (mut owner, mut edge) = (owner(limits), edge(1, limits));
    exchange(&mut owner, &mut edge, 2);
    (owner, edge)
}

/// An owner that serves a new room.
pub(super) fn owner(limits: Limits) -> Owner {
    let standing = Standing::of([(4, claim_by(US))]).expect("it is one claim");
    let mut owner = Owner::new(standing, &neighbours(), Timing::default(), limits).expect("it is the last record");
    assert!(matches!(owner.take(true), Some(Told::Start { start: Start::New, .. })));
    owner.commit(Turn::default());
    owner
}

/// The edge of the other node, with one member. It knows the owner.
pub(super) fn edge(session: u64, limits: Limits) -> Edge {
    let mut edge = Edge::new(session, Timing::default(), limits);
    edge.join(50, Bytes::new());
    assert_eq!((edge.poll(at(1)), edge.effects()), (vec![], vec![Effect::Find]));
    edge.found(US, 4);
    edge
}

/// Carries messages between both until they are silent.
pub(super) fn exchange(owner: &mut Owner, edge: &mut Edge, millis: u64) {
    loop {
        let letters = edge.poll(at(millis));
        letters.iter().for_each(|letter| to_owner(owner, letter, millis));
        let back = owner.poll(at(millis));
        if letters.is_empty() && back.is_empty() {
            return;
        }
        back.into_iter().for_each(|Letter { epoch, session, message, .. }| edge.receive(US, epoch, session, message));
    }
}

pub(super) fn to_owner(owner: &mut Owner, letter: &Letter, millis: u64) {
    owner.receive(at(millis), OTHER, letter.session, letter.message.clone(), &neighbours());
}

#[test]
fn an_input_counts_when_its_handler_has_returned() {
    let (mut owner, mut edge) = serving(Limits::default());
    assert!(!edge.is_at_rest());
    let joined = Input { member: 50, event: Event::Joined, payload: Bytes::new() };
    assert_eq!(owner.take(true), Some(Told::Input(joined)));
    assert_eq!(owner.take(true), None);
    owner.commit(Turn::default());
    exchange(&mut owner, &mut edge, 3);
    assert!(edge.is_at_rest());
}

#[test]
fn an_input_of_a_durable_room_counts_when_its_record_is_stored() {
    let (mut owner, mut edge) = serving(Limits::default());
    owner.take(true).expect("the client has joined");
    owner.commit(Turn { writes: Some(Bytes::from_static(b"w")), ..Turn::default() });
    exchange(&mut owner, &mut edge, 3);
    assert!(!edge.is_at_rest());
    owner.publication(0).expect("the room has written");
    owner.answered(Answer::Stored(5));
    exchange(&mut owner, &mut edge, 4);
    assert!(edge.is_at_rest());
}

#[test]
fn no_input_is_taken_without_the_lease() {
    let (mut owner, _) = serving(Limits::default());
    assert_eq!(owner.take(false), None);
    assert!(owner.take(true).is_some());
}

#[test]
fn an_edge_that_confirms_nothing_is_cut_off() {
    let limits = Limits { batches: 2, ..Limits::default() };
    let (mut owner, mut edge) = serving(limits);
    owner.take(true).expect("the client has joined");
    owner.commit(Turn::default());
    let mut sent = Vec::new();
    for number in 0..3 {
        edge.message(50, Bytes::from(vec![number]));
        edge.poll(at(3)).iter().for_each(|letter| to_owner(&mut owner, letter, 3));
        owner.take(true).expect("a message has come");
        let output = crate::Output { to: vec![50], payload: Bytes::new() };
        owner.commit(Turn { outputs: vec![(OTHER, output)], ..Turn::default() });
        sent.extend(owner.poll(at(3)));
    }
    // The batches before are lost.
    let Letter { epoch, session, message, .. } = sent.pop().expect("batches were sent");
    edge.receive(US, epoch, session, message);
    assert_eq!(edge.effects(), [Effect::Close(vec![50])]);
}

#[test]
fn members_that_come_after_the_start_are_cut_off() {
    let (mut owner, _) = serving(Limits::default());
    let members = vec![Member { id: 60, join: 3, state: Bytes::new() }];
    owner.receive(at(3), OTHER, 2, Message::Members { next: 2, members }, &neighbours());
    let cuts = |letter: &Letter| matches!(&letter.message, Message::Outputs(batch) if batch.cuts);
    let letters = owner.poll(at(3));
    assert!(letters.iter().any(cuts), "{letters:?}");
}

#[test]
fn a_gone_edge_is_told_so_and_its_members_leave_once() {
    let (mut owner, _) = serving(Limits::default());
    owner.take(true).expect("the client has joined");
    owner.commit(Turn::default());
    let mut neighbours = neighbours();
    neighbours.record(at(3), 10, 2, NodeRecord::Gone { since: 2 });
    owner.see(&neighbours);
    owner.see(&neighbours);
    let left = Input { member: 50, event: Event::Left, payload: Bytes::new() };
    assert_eq!(owner.take(true), Some(Told::Input(left)));
    owner.commit(Turn::default());
    assert_eq!(owner.take(true), None);
    owner.receive(at(4), OTHER, 1, Message::Attach, &neighbours);
    assert!(owner.poll(at(4)).iter().any(|letter| letter.message == Message::Gone));
}
