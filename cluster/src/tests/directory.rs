//! The rules of the directory: its records, the rooms that are due, and the node that opens each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rules::at;
use crate::directory::{Directory, Due, KnownRecord, Wake, Waking, exists, rank};
use crate::{Act, Entry, Life, Publication, RoomRecord};

const OWNER: Life = Life { since: 1, number: 0 };
const OTHER: Life = Life { since: 2, number: 1 };

fn known(owner: Life, epoch: u64, wake: Wake) -> KnownRecord {
    KnownRecord { owner, epoch, wake }
}

/// A directory with the records of these rooms, at the sequences from 1 on.
fn directory(rooms: &[(&str, KnownRecord)]) -> Directory {
    let mut directory = Directory::default();
    rooms.iter().zip(1..).for_each(|((room, record), sequence)| directory.record(sequence, &Arc::from(*room), *record));
    directory
}

fn nobody(_: Life) -> bool {
    false
}

fn names(due: &[Due]) -> Vec<&str> {
    due.iter().map(|(room, _)| &**room).collect()
}

/// Nodes with these numbers, which began in the same order.
fn nodes(count: u16) -> BTreeSet<Life> {
    (0..count).map(|number| Life { since: u64::from(number) + 1, number }).collect()
}

#[test]
fn an_owner_publishes_when_its_room_becomes_durable_and_when_others_would_wake_it_too_late() {
    let publishes = |before: Option<Wake>, wake, is_closing| {
        let directory = before.map(|before| directory(&[("/a", known(OWNER, 5, before))])).unwrap_or_default();
        directory.lacks("/a", known(OWNER, 5, wake), is_closing, nobody).map(|publication| publication.expected)
    };
    let (open, closing) = (false, true);
    for wake in [Wake::Never, Wake::AfterOwner, Wake::At(7)] {
        assert_eq!(publishes(None, wake, open), Some(0), "the room is new");
        assert_eq!(publishes(Some(wake), wake, closing), None, "it says so already");
    }
    // Timers begin, and their end is told when the room closes.
    assert_eq!(publishes(Some(Wake::Never), Wake::AfterOwner, open), Some(1));
    assert_eq!(publishes(Some(Wake::At(7)), Wake::AfterOwner, open), Some(1));
    assert_eq!(publishes(Some(Wake::AfterOwner), Wake::Never, open), None);
    assert_eq!(publishes(Some(Wake::AfterOwner), Wake::Never, closing), Some(1));
    assert_eq!(publishes(Some(Wake::AfterOwner), Wake::At(7), closing), Some(1));
    assert_eq!(publishes(Some(Wake::At(7)), Wake::At(8), closing), Some(1));
}

#[test]
fn the_next_owner_publishes_behind_the_one_before_and_not_over_a_later_one() {
    let directory = directory(&[("/a", known(OTHER, 5, Wake::AfterOwner))]);
    let next = known(OWNER, 6, Wake::AfterOwner);
    assert_eq!(directory.lacks("/a", next, false, nobody), Some(Publication { expected: 1, record: next }));
    let before = known(OWNER, 4, Wake::At(7));
    assert_eq!(directory.lacks("/a", before, true, nobody), None, "the later one lives");
    assert!(directory.lacks("/a", before, true, |life| life == OTHER).is_some(), "its stream has forgotten more than this");
}

#[test]
fn closed_rooms_are_due_at_their_time_and_open_ones_with_the_end_of_their_owners() {
    let directory = directory(&[
        ("/late", known(OWNER, 1, Wake::At(20))),
        ("/soon", known(OWNER, 1, Wake::At(10))),
        ("/never", known(OWNER, 1, Wake::Never)),
        ("/open", known(OWNER, 1, Wake::AfterOwner)),
        ("/elsewhere", known(OTHER, 1, Wake::AfterOwner)),
    ]);
    assert!(directory.due(9, nobody, 9).is_empty());
    assert_eq!(names(&directory.due(20, nobody, 9)), ["/soon", "/late"]);
    assert_eq!(names(&directory.due(20, nobody, 1)), ["/soon"]);
    assert_eq!(names(&directory.due(10, |life| life == OWNER, 9)), ["/soon", "/open"]);
    assert_eq!([0, 10, 19, 20].map(|now| directory.next_due(now)), [Some(10), Some(20), Some(20), None]);
    assert_eq!(directory.names("/", Some("/late")).map(|name| &**name).collect::<Vec<_>>(), ["/never", "/open", "/soon"]);
    assert_eq!(directory.names("/so", None).count(), 1);
}

#[test]
fn the_last_record_counts_and_a_watch_that_begins_anew_forgets_what_was_removed() {
    let (a, b): (Arc<str>, Arc<str>) = ("/a".into(), "/b".into());
    let mut directory = directory(&[("/a", known(OWNER, 1, Wake::At(7))), ("/b", known(OWNER, 1, Wake::At(8)))]);
    directory.record(3, &a, known(OWNER, 1, Wake::At(9)));
    directory.record(1, &a, known(OWNER, 1, Wake::At(7)));
    assert_eq!(names(&directory.due(9, nobody, 9)), ["/b", "/a"]);
    directory.begin();
    assert!(directory.has("/b"), "it is known until all records have come");
    // The stream was restored: its last record is an older one.
    directory.record(1, &a, known(OWNER, 1, Wake::At(7)));
    directory.complete();
    assert_eq!((directory.due(9, nobody, 9), directory.has("/b")), (vec![(Arc::clone(&a), Some(7))], false));
    directory.found(&a, None);
    directory.found(&b, Some((9, known(OTHER, 1, Wake::AfterOwner))));
    assert_eq!(directory.due(99, |_| true, 9), [(b, None)]);
}

#[test]
fn one_node_opens_a_room_and_the_next_one_two_seconds_later_and_rooms_are_spread() {
    let (alive, mut firsts) = (nodes(5), [0; 5]);
    for number in 0..1000 {
        let room: Arc<str> = format!("/room/{number}").into();
        let ranks: BTreeSet<u32> = alive.iter().map(|node| rank(&room, *node, &alive)).collect();
        assert_eq!(ranks, (0..5).collect(), "each has a place of its own");
        for node in &alive {
            let place = rank(&room, *node, &alive);
            firsts[usize::from(node.number)] += u32::from(place == 0);
            let (mut waking, due) = (Waking::default(), [(Arc::clone(&room), Some(7))]);
            let mut opens = |millis| !waking.look(at(millis), &due, *node, &alive, 9).is_empty();
            let first = u64::from(place) * 2000;
            assert_eq!((opens(0), first == 0 || opens(first - 1)), (place == 0, first == 0));
            assert!(first == 0 || opens(first));
        }
    }
    assert!(firsts.iter().all(|count| (150..250).contains(count)), "{firsts:?}");
}

#[test]
fn a_room_that_stays_due_is_tried_again_with_longer_and_longer_pauses() {
    let (mut waking, alive) = (Waking::default(), [OWNER].into());
    let look = |waking: &mut Waking, millis, due| waking.look(at(millis), &[(Arc::from("/a"), due)], OWNER, &alive, 9).len();
    let tried: Vec<u64> = (0..20_000).step_by(500).filter(|millis| look(&mut waking, *millis, Some(7)) == 1).collect();
    assert_eq!(tried, [0, 1000, 3000, 7000, 15_000]);
    // One that is due at another time is new. So is one that has not been due for some time.
    assert_eq!((look(&mut waking, 20_000, Some(8)), look(&mut waking, 20_001, Some(8))), (1, 0));
    assert_eq!(waking.look(at(90_000), &[], OWNER, &alive, 9).len(), 0);
    assert_eq!((look(&mut waking, 90_000, Some(8)), look(&mut waking, 91_000, Some(8))), (1, 1));
}

#[test]
fn a_node_opens_a_bounded_number_of_rooms_at_a_time() {
    let (mut waking, alive) = (Waking::default(), [OWNER].into());
    let due: Vec<Due> = (0..5).map(|number| (format!("/{number}").into(), None)).collect();
    let mut look =
        || names(&waking.look(at(0), &due, OWNER, &alive, 2).into_iter().map(|room| (room, None)).collect::<Vec<_>>()).join(" ");
    assert_eq!([look(), look(), look(), look()], ["/0 /1", "/2 /3", "/4", ""]);
}

#[test]
fn a_room_that_is_not_durable_exists_while_a_node_has_it_or_something_of_it_is_left() {
    let is = |act| exists(&RoomRecord { owner: OWNER, release: 0, act }, |life| life == OTHER);
    let entry = |data: &[&'static str]| Entry { data: data.iter().map(|data| (*data).into()).collect(), ..Entry::default() };
    assert!(is(Act::Claim { attempt: 1 }));
    assert!(
        !exists(&RoomRecord { owner: OTHER, release: 0, act: Act::Claim { attempt: 1 } }, |life| life == OTHER),
        "its owner has died"
    );
    assert!(is(Act::Commit { entry: entry(&[]), whole: false }));
    assert!(is(Act::Release { entry: entry(&[]), is_empty: false }), "it has members");
    assert!(is(Act::Release { entry: entry(&["state"]), is_empty: true }));
    assert!(!is(Act::Release { entry: entry(&[]), is_empty: true }));
}
