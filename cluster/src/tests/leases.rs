//! The rules of leases.

use super::rules::at;
use crate::{Answer, Lease, NodeRecord, Stop, Timing};

/// A lease that was stored at sequence 1 by a record of this time.
fn lease(millis: u64) -> Lease {
    let mut lease = Lease::new(1, 0, 7, Timing::default());
    lease.poll(at(millis)).expect("the first record is due");
    lease.answered(at(millis), &Answer::Stored(1));
    lease
}

#[test]
fn a_lease_counts_from_the_sending_of_the_first_copy() {
    let mut lease = lease(1000);
    let renewal = lease.poll(at(1500)).expect("it is due");
    lease.answered(at(2400), &Answer::Unknown);
    assert_eq!(lease.poll(at(2400)), Some(renewal));
    lease.answered(at(2450), &Answer::Stored(5));
    assert!(lease.is_held(at(2999)));
    assert!(!lease.is_held(at(3000)));
}

#[test]
fn a_lease_is_held_again_after_a_late_renewal() {
    let mut lease = lease(1000);
    assert!(!lease.is_held(at(9000)));
    lease.poll(at(9000)).expect("it is due");
    lease.answered(at(9001), &Answer::Stored(5));
    assert!(lease.is_held(at(9001)));
}

#[test]
fn a_lease_is_not_held_after_its_clock_has_gone_backwards() {
    let mut lease = lease(9000);
    assert!(!lease.is_held(at(8999)));
    lease.poll(at(8999)).expect("it is due at once");
    lease.answered(at(9000), &Answer::Stored(2));
    assert!(lease.is_held(at(9000)));
}

#[test]
fn a_renewal_that_was_sent_before_the_clock_went_backwards_does_not_count() {
    let mut lease = lease(1000);
    lease.poll(at(1500)).expect("it is due");
    lease.answered(at(1400), &Answer::Stored(2));
    assert!(!lease.is_held(at(1400)));
}

#[test]
fn a_renewal_without_an_answer_is_found_in_the_stream() {
    let mut lease = lease(1000);
    lease.poll(at(1500)).expect("it is due");
    lease.answered(at(2500), &Answer::Unknown);
    let again = lease.poll(at(2500)).expect("it is sent again");
    lease.answered(at(2501), &Answer::Refused { last: Some((3, again.record)) });
    assert!(lease.is_held(at(2999)));
    assert_eq!(lease.stopped(), None);
}

#[test]
fn a_lease_tells_between_which_times_it_is_held() {
    let mut lease = lease(1000);
    assert_eq!((lease.held(), lease.last()), (Some((at(1000), at(2500))), 1));
    assert!(lease.is_held(at(2499)) && !lease.is_held(at(2500)));
    lease.poll(at(3000)).expect("it is due");
    lease.answered(at(3001), &Answer::Refused { last: None });
    assert_eq!(lease.held(), None);
}

#[test]
fn a_buried_life_is_over() {
    let mut lease = lease(1000);
    lease.poll(at(1500)).expect("it is due");
    lease.answered(at(1501), &Answer::Refused { last: Some((3, NodeRecord::Gone { since: 1 })) });
    assert_eq!(lease.stopped(), Some(Stop::Replaced));
    assert!(!lease.is_held(at(1502)));
    assert_eq!(lease.poll(at(2000)), None);
}

#[test]
fn a_node_stops_when_its_record_is_forgotten() {
    for answer in [Answer::Refused { last: None }, Answer::Stored(1)] {
        let mut lease = lease(1000);
        lease.poll(at(1500)).expect("it is due");
        lease.answered(at(1501), &answer);
        assert_eq!(lease.stopped(), Some(Stop::Restored));
    }
}

#[test]
fn a_node_stops_when_another_record_has_the_sequence_of_its_own() {
    let mut lease = lease(1000);
    let own = NodeRecord::Alive { nonce: 7, since: 0, beat: 0 };
    let of_another_node = NodeRecord::Alive { nonce: 8, since: 0, beat: 0 };
    let found = [own, of_another_node, NodeRecord::Gone { since: 1 }].map(|record| lease.is_last(Some((1, record))));
    assert_eq!((found, lease.is_last(Some((2, own))), lease.is_last(None)), ([true, false, false], false, false));
    lease.poll(at(1500)).expect("it is due");
    lease.answered(at(1501), &Answer::Refused { last: Some((1, own)) });
    assert_eq!(lease.stopped(), None);
    lease.poll(at(1502)).expect("it is sent again");
    lease.answered(at(1503), &Answer::Refused { last: Some((1, of_another_node)) });
    assert_eq!(lease.stopped(), Some(Stop::Restored));
}
