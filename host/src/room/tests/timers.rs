//! The timers of a room: their grid, and their limits.

use std::time::{Duration, Instant};

use super::{NOW, commit, room};
use crate::room::{Room, TimerError, TimerOptions};

#[test]
fn the_timers_of_a_room_have_at_most_16_mib_of_payloads() {
    let mut room = room(0);
    let hour = Duration::from_secs(3600);
    let set = |room: &mut Room| room.set_timer(hour, TimerOptions::ONCE, vec![0; 64 << 10]);
    assert!((0..256).all(|_| set(&mut room).is_ok()));
    assert_eq!(set(&mut room), Err(TimerError::Limit));
    assert!(room.set_timer(hour, TimerOptions::ONCE, "").is_ok(), "it is the bytes that are too many");
    assert_eq!(room.roll_back(), []);
    let first = set(&mut room).expect("what was rolled back does not count");
    commit(&mut room);
    room.cancel_timer(first);
    assert!((0..256).all(|_| set(&mut room).is_ok()), "nor does what was taken back");
}

#[test]
fn a_repeating_timer_keeps_to_its_grid_and_leaves_out_what_it_missed() {
    let mut room = room(0);
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    NOW.set(Some(start));
    let id = room.set_timer(Duration::from_millis(50), TimerOptions::REPEAT, "").expect("a timer can be set");
    let timers = room.timers_mut();
    assert_eq!(timers.take_due(at(49)), None);
    assert_eq!(timers.take_due(at(57)).map(|(due, id, _)| (due, id)), Some((at(50), id)));
    assert_eq!(timers.next_due(), Some(at(100)), "late once, but the next is not");
    assert_eq!(timers.take_due(at(275)).map(|(due, id, _)| (due, id)), Some((at(100), id)));
    assert_eq!((timers.take_due(at(275)), timers.next_due()), (None, Some(at(300))));
}

#[test]
fn a_repeating_timer_is_exact_on_average_whatever_the_grain_of_the_clock() {
    for period in [16_667, 1_000, 250, 20].map(Duration::from_micros) {
        let mut room = room(0);
        let start = Instant::now();
        NOW.set(Some(start));
        room.set_timer(period, TimerOptions::REPEAT, "").expect("a timer can be set");
        let (timers, end) = (room.timers_mut(), start + Duration::from_secs(1));
        let (mut calls, mut now) = (0, start);
        while now < end {
            // The clock wakes the room at a whole millisecond, and late.
            let due = timers.next_due().expect("it repeats").max(now) - start;
            now = start + Duration::from_micros(due.as_micros().div_ceil(1_000) as u64 * 1_000 + 1_900);
            calls += std::iter::from_fn(|| timers.take_due(now.min(end))).count() as u128;
        }
        assert_eq!(calls, 1_000_000 / period.as_micros(), "{period:?}");
    }
}

#[test]
fn a_durable_timer_is_refused_where_none_can_be_kept() {
    let durable = TimerOptions { durable: true, ..TimerOptions::ONCE };
    assert_eq!(room(0).set_timer(Duration::ZERO, durable, ""), Err(TimerError::NotDurable));
}

#[test]
fn a_timer_at_the_end_of_the_clock_is_one_that_never_runs() {
    let mut room = room(0);
    let century = Duration::from_secs(100 * 365 * 24 * 3600);
    let start = Instant::now();
    NOW.set(Some(start));
    let far = Duration::from_secs(i64::MAX as u64 - 1_000_000_000);
    for (delay, options) in [(Duration::MAX, TimerOptions::ONCE), (far, TimerOptions::REPEAT)] {
        room.set_timer(delay, options, "").expect("it can be set");
    }
    let timers = room.timers_mut();
    assert_eq!(timers.next_due(), Some(start + century));
    assert_eq!(timers.take_due(start + century).map(|(due, ..)| due), Some(start + century));
}
