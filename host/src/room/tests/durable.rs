//! Durable timers: their clock, their end, and their return.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::{NOW, commit, room};
use crate::room::{Room, TimerError, TimerOptions};
use crate::store::DurableTimer;

const ONCE: TimerOptions = TimerOptions { repeat: false, durable: true };
const REPEAT: TimerOptions = TimerOptions { repeat: true, durable: true };
const SECOND: Duration = Duration::from_secs(1);

thread_local! {
    static WALL_US: Cell<u64> = const { Cell::new(0) };
}

/// A room that keeps durable timers. At `start`, its wall clock shows 1,000 s.
fn keeping(start: Instant) -> Room {
    let mut room = room(0);
    room.keep_timers(|| WALL_US.get());
    at(start, 0);
    room
}

/// Both clocks go to this many milliseconds after `start`. Returns that time.
fn at(start: Instant, ms: u64) -> Instant {
    let now = start + Duration::from_millis(ms);
    NOW.set(Some(now));
    WALL_US.set(1_000_000_000 + ms * 1000);
    now
}

/// The next timer that is due, whose handler begins.
fn begins(room: &mut Room, now: Instant) -> Option<u64> {
    let (_, id, _) = room.timers_mut().take_due(now)?;
    assert!(room.begin_timer(id), "it is durable");
    Some(id)
}

/// The durable timers that are kept: the ids, and the seconds on the wall clock at which they are due.
fn kept(room: &mut Room) -> Vec<(u64, u64)> {
    room.timers_mut().durable().into_iter().map(|timer| (timer.id, timer.due_us / 1_000_000)).collect()
}

#[test]
fn the_turn_of_its_handler_takes_a_durable_timer_off() {
    let (start, mut room) = (Instant::now(), keeping(Instant::now()));
    let id = room.set_timer(SECOND, ONCE, "x").expect("it can be set");
    commit(&mut room);
    let now = at(start, 1100);
    assert_eq!(begins(&mut room, now), Some(id));
    assert_eq!(room.roll_back(), []);
    assert_eq!(kept(&mut room), [(id, 1001)], "a handler that fails gets it again");
    assert_eq!(begins(&mut room, now), Some(id));
    commit(&mut room);
    assert_eq!((kept(&mut room), begins(&mut room, now)), (vec![], None));
}

#[test]
fn a_handler_that_fails_has_neither_set_nor_cancelled_a_durable_timer() {
    let mut room = keeping(Instant::now());
    let first = room.set_timer(SECOND, ONCE, "").expect("it can be set");
    commit(&mut room);
    room.cancel_timer(first);
    room.set_timer(SECOND, ONCE, "").expect("it can be set");
    assert_eq!(room.roll_back(), []);
    assert_eq!(kept(&mut room), [(first, 1001)]);
}

#[test]
fn a_handler_that_fails_after_it_has_cancelled_its_own_repeating_timer_gets_the_same_call_again() {
    let start = Instant::now();
    let mut room = keeping(start);
    let id = room.set_timer(SECOND, REPEAT, "").expect("it can be set");
    commit(&mut room);
    let now = at(start, 1100);
    assert_eq!(begins(&mut room, now), Some(id));
    assert_eq!(kept(&mut room), [(id, 1002)]);
    room.cancel_timer(id);
    assert_eq!(room.roll_back(), []);
    assert_eq!(kept(&mut room), [(id, 1001)]);
}

#[test]
fn one_handler_sets_768_kib_of_durable_timers_even_if_it_cancels_them() {
    let mut room = keeping(Instant::now());
    let payload = vec![0; 64 << 10];
    for _ in 0..12 {
        let id = room.set_timer(SECOND, ONCE, payload.clone()).expect("it can be set");
        room.cancel_timer(id);
    }
    assert_eq!(room.set_timer(SECOND, ONCE, "x"), Err(TimerError::Limit));
    assert!(room.set_timer(SECOND, TimerOptions::ONCE, "x").is_ok(), "a plain one is not written");
    commit(&mut room);
    assert!(room.set_timer(SECOND, ONCE, "x").is_ok());
}

#[test]
fn calls_of_a_repeating_timer_that_nobody_could_make_become_one() {
    let start = Instant::now();
    let mut room = keeping(start);
    let id = room.set_timer(SECOND, REPEAT, "").expect("it can be set");
    let timers = room.timers_mut().durable();
    let now = at(start, 5500);
    let mut later = super::room(0);
    later.keep_timers(|| WALL_US.get());
    later.timers_mut().restore_durable(timers, now);
    assert_eq!(begins(&mut later, now), Some(id));
    assert_eq!((kept(&mut later), begins(&mut later, now)), (vec![(id, 1006)], None));
    assert_eq!(begins(&mut later, at(start, 6000)), Some(id), "it keeps to its grid");
}

#[test]
fn a_durable_timer_never_runs_before_its_time_on_the_wall_clock() {
    let start = Instant::now();
    let mut room = keeping(start);
    room.set_timer(SECOND, ONCE, "").expect("it can be set");
    let now = start + 2 * SECOND;
    WALL_US.set(1_000_500_000);
    assert_eq!(room.timers_mut().take_due(now), None, "the clock was set back");
    assert_eq!(room.timers_mut().next_due(), Some(now + SECOND / 2));
    WALL_US.set(1_001_000_000);
    assert!(room.timers_mut().take_due(now + SECOND / 2).is_some());
}

#[test]
fn a_room_that_opens_again_gives_no_id_a_second_time() {
    let (start, mut room) = (Instant::now(), keeping(Instant::now()));
    let first = room.set_timer(SECOND, ONCE, "").expect("it can be set");
    room.cancel_timer(first);
    let mut later = super::room(0);
    later.keep_timers(|| WALL_US.get());
    let far = DurableTimer { id: (1 << 53) - 9, due_us: u64::MAX, every_us: None, payload: "".into() };
    later.timers_mut().restore_durable(vec![], start);
    assert!(later.set_timer(SECOND, ONCE, "").is_ok_and(|id| id > first));
    later.timers_mut().restore_durable(vec![far.clone()], start);
    assert!(later.set_timer(SECOND, ONCE, "").is_ok_and(|id| id > far.id));
    later.timers_mut().restore_durable(vec![DurableTimer { id: u64::MAX, ..far.clone() }], start);
    assert!(later.set_timer(SECOND, ONCE, "").is_ok_and(|id| id > far.id), "no id follows the largest number");
}
