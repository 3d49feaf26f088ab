//! A room whose state is of a newer release than the node runs.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::releases::{PATIENCE, START, ledger, life, record, swap, undo};
use super::rules::{OTHER, US, neighbours};
use crate::journal::Journal;
use crate::release::{Action, Ledger, ReleaseRecord, Report, Rollout, Taking, Why};
use crate::{Act, Answer, Claim, Entry, Life, RoomRecord, Standing, Verdict};

/// A node with the first release, which has seen the second one. Node 0 is to take that first, and has not yet.
struct Second {
    rollout: Rollout,
    alive: BTreeSet<Life>,
}

impl Second {
    fn new() -> Self {
        let rollout = Rollout::new(START, ledger([record(1, "a", Why::First)]), "a".into(), PATIENCE);
        let mut second = Self { rollout, alive: BTreeSet::from([life(0), life(2)]) };
        assert!(matches!(second.poll(), Some(Action::Report(_))));
        second
    }

    fn poll(&mut self) -> Option<Action> {
        self.rollout.poll(START, Some(life(2)), &self.alive)
    }

    /// It sees the next record, and compiles its component.
    fn sees(&mut self, record: &ReleaseRecord) {
        self.rollout.record(START, record.number * 10, record.clone());
        assert_eq!(self.poll(), Some(Action::Load(record.clone())));
        self.rollout.loaded(record.number, Ok(()));
        assert_eq!(self.poll(), None, "its turn has not come");
    }

    fn installs(&mut self, record: &ReleaseRecord, result: Result<(u64, u64), &str>) {
        assert_eq!(self.poll(), Some(Action::Install(record.clone())));
        self.rollout.installed(record, result.map_err(Into::into));
    }
}

fn released(release: u64) -> RoomRecord {
    let entry = Entry { epoch: 3, number: 1, ..Entry::default() };
    RoomRecord { owner: OTHER, release, act: Act::Release { entry, is_empty: false } }
}

#[test]
fn a_room_is_claimed_by_a_node_with_the_release_of_its_state() {
    let mut claim = Claim::new(US, 1, 6);
    assert_eq!(claim.looked(Some((5, &released(7))), &neighbours()), Verdict::Behind { release: 7 });
    claim.opens(8);
    let Verdict::Publish(publication) = claim.looked(Some((5, &released(7))), &neighbours()) else { panic!() };
    assert_eq!((publication.expected, publication.record.release), (5, 7), "the claim changes no state");
    let refused = Answer::Refused { last: Some((9, released(9))) };
    assert_eq!(claim.answered(refused, &neighbours()), Verdict::Behind { release: 9 });
}

#[test]
fn a_room_of_a_living_node_is_found_whatever_its_release_is() {
    let claim = RoomRecord { owner: OTHER, release: 7, act: Act::Claim { attempt: 1 } };
    assert_eq!(Claim::new(US, 1, 6).looked(Some((5, &claim)), &neighbours()), Verdict::Owned { owner: OTHER, epoch: 5 });
}

#[test]
fn records_tell_the_newest_release_that_has_had_a_part_in_the_state() {
    let claim = RoomRecord { owner: US, release: 5, act: Act::Claim { attempt: 1 } };
    let standing = Standing::of([(4, claim)]).expect("it is the first");
    assert_eq!(standing.release, 5);
    let mut journal = Journal::new(US, (4, standing.release), 8);
    let mut told = Vec::new();
    for (release, sequence) in [(3, 5), (6, 6), (5, 7)] {
        journal.push(sequence, [], Some(Bytes::new()));
        told.push(journal.poll(9, release).expect("a turn waits").record.release);
        journal.answered(Answer::Stored(sequence));
    }
    assert_eq!(told, [5, 6, 6]);
}

#[test]
fn a_node_whose_room_needs_a_release_does_not_wait_for_its_turn() {
    let (mut second, next) = (Second::new(), record(2, "b", Why::Swap));
    second.sees(&next);
    second.rollout.hurry(2);
    assert_eq!((second.rollout.opens(), second.rollout.tells()), (1, 1));
    assert_eq!(second.poll(), Some(Action::Install(next.clone())));
    assert_eq!((second.rollout.opens(), second.rollout.tells()), (1, 2), "rooms change to it from now on");
    second.rollout.installed(&next, Ok((1, 2)));
    assert_eq!((second.rollout.opens(), second.rollout.tells()), (2, 2));
    assert!(matches!(second.poll(), Some(Action::Report(Report { number: 2, taking: Taking::Taken { .. }, .. }))));
}

#[test]
fn a_later_release_does_as_well_as_the_one_that_a_room_needs() {
    let mut second = Second::new();
    second.sees(&record(2, "b", Why::Swap));
    let third = record(3, "c", Why::Swap);
    second.sees(&third);
    second.rollout.hurry(2);
    second.installs(&third, Ok((1, 2)));
    assert_eq!(second.rollout.opens(), 3);
}

#[test]
fn a_release_after_that_waits_for_its_turn() {
    let (mut second, next) = (Second::new(), record(2, "b", Why::Swap));
    second.sees(&next);
    second.rollout.hurry(2);
    second.installs(&next, Ok((1, 2)));
    assert!(matches!(second.poll(), Some(Action::Report(_))));
    second.sees(&record(3, "c", Why::Swap));
}

#[test]
fn a_room_opens_with_what_runs_when_its_release_is_refused_or_called_off() {
    let (mut second, next) = (Second::new(), record(2, "b", Why::Swap));
    second.sees(&next);
    second.rollout.hurry(2);
    second.installs(&next, Err("it does not start"));
    assert_eq!((second.rollout.opens(), second.rollout.tells()), (2, 1));
    let mut other = Second::new();
    other.sees(&next);
    other.rollout.record(START, 30, undo(3, "a"));
    assert!(matches!(other.poll(), Some(Action::Report(Report { number: 3, .. }))), "nothing is to be installed");
    assert_eq!((other.rollout.opens(), other.rollout.tells()), (3, 3));
}

#[test]
fn a_release_that_the_node_has_not_heard_of_is_looked_up() {
    let [first, next] = [record(1, "a", Why::First), record(2, "b", Why::Swap)];
    let mut second = Second::new();
    second.rollout.hurry(2);
    assert_eq!(second.poll(), Some(Action::Look));
    assert_eq!(second.poll(), None, "one look at a time");
    second.rollout.looked(START, None);
    assert_eq!((second.poll(), second.rollout.opens()), (Some(Action::Look), 1), "the leader did not answer");
    second.rollout.looked(START, Some(ledger([first, next.clone()])));
    assert_eq!(second.poll(), Some(Action::Load(next)));
    assert_eq!((second.rollout.opens(), second.rollout.unknown()), (1, None));
}

#[test]
fn a_release_that_the_stream_has_forgotten_keeps_no_room_shut() {
    let first: Ledger = ledger([record(1, "a", Why::First)]);
    let mut second = Second::new();
    second.rollout.hurry(7);
    assert_eq!(second.poll(), Some(Action::Look));
    second.rollout.looked(START, Some(first));
    assert_eq!((second.rollout.opens(), second.rollout.unknown(), second.poll()), (7, Some(7), None));
    second.rollout.hurry(8);
    assert_eq!((second.poll(), second.rollout.opens()), (Some(Action::Look), 7));
}

#[test]
fn a_node_that_has_just_started_waits_for_a_release_that_is_under_way() {
    let records = [record(1, "a", Why::First), record(2, "b", Why::Swap)];
    let mut rollout = Rollout::new(START, ledger(records), "b".into(), PATIENCE);
    let (me, alive) = (Some(life(2)), BTreeSet::from([life(0), life(2)]));
    let Some(Action::Report(own)) = rollout.poll(START, me, &alive) else { panic!() };
    rollout.report(START, own);
    assert!(rollout.want(START, swap("c")));
    assert_eq!(rollout.poll(START, me, &alive), None, "node 0 has not reported about the second release");
    rollout.report(START, Report { life: life(0), number: 2, taking: Taking::Taken { rooms: 0, clients: 0 } });
    assert!(matches!(rollout.poll(START, me, &alive), Some(Action::Publish(publication)) if publication.record.number == 3));
}
