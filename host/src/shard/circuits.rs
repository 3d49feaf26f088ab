//! The circuits of a shard's rooms, beyond the life of each room.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::breaker::Breaker;
use super::room_circuit::RoomCircuit;
use crate::config::Limits;

/// The most circuits of ended rooms that a shard keeps. For another one, it gives up the one that forgets first.
const MAX_KEPT: usize = 1024;
/// Rooms in a row that may fail to start within a window. One more means that the release fails, and not the rooms.
const MAX_FAILED_ROOMS: usize = 20;

/// The circuits of rooms that have ended, and one for the starts of all rooms. So a room that comes and goes is held back like one that
/// stays, and a release that cannot start costs a bounded number of launches, whatever names are asked for.
#[derive(Debug)]
pub struct Circuits {
    max_restarts: usize,
    window: Duration,
    kept: HashMap<Arc<str>, RoomCircuit>,
    /// Counts the rooms that have failed to start since the last one that started.
    starts: Breaker,
    /// Whether a room has started with this release. Then those that fail are to blame, and not the release: an app may refuse names.
    has_started: bool,
}

impl Circuits {
    /// Nothing has failed yet.
    pub fn new(limits: &Limits) -> Self {
        let (max_restarts, window) = (limits.max_restarts, limits.restart_window);
        Self { max_restarts, window, kept: HashMap::new(), starts: Breaker::new(MAX_FAILED_ROOMS, window), has_started: false }
    }

    /// Takes the circuit for a room of this name, which opens now. `None` while it is open, or that of all starts.
    pub fn take(&mut self, name: &str, now: Instant) -> Option<RoomCircuit> {
        let all_are_held_back = self.starts.is_open(now) && !self.has_started;
        if all_are_held_back || self.kept.get(name).is_some_and(|circuit| circuit.is_open(now)) {
            return None;
        }
        let mut circuit = self.kept.remove(name).unwrap_or_else(|| RoomCircuit::new(self.max_restarts, self.window));
        if self.starts.open_until().is_some() {
            // It has one launch. If none has started yet, it is the trial for all rooms, and the others wait for its outcome.
            if !self.has_started {
                self.starts.open(now);
            }
            circuit.put_on_trial(now);
        }
        Some(circuit)
    }

    /// A new room has started. Returns whether that closes the circuit of all starts.
    pub fn note_start(&mut self) -> bool {
        self.has_started = true;
        let closes = self.starts.close();
        self.starts = Breaker::new(MAX_FAILED_ROOMS, self.window);
        closes
    }

    /// A new room has failed to start. Returns whether that opens the circuit of all starts. After a start that has succeeded, an open one
    /// holds no room back: each then has one launch.
    pub fn note_failed_start(&mut self, now: Instant) -> bool {
        let opens = !self.starts.is_open(now) && !self.starts.allow(now);
        if opens {
            self.starts.open(now);
        }
        opens && !self.has_started
    }

    /// Keeps the circuit of a room that has ended, while there is something to remember.
    pub fn keep(&mut self, name: &str, circuit: RoomCircuit, now: Instant) {
        let is_needed = |circuit: &RoomCircuit| circuit.forgets_at().is_some_and(|at| now < at);
        if !is_needed(&circuit) {
            return;
        }
        if self.kept.len() >= MAX_KEPT {
            self.kept.retain(|_, circuit| is_needed(circuit));
        }
        if self.kept.len() >= MAX_KEPT
            && let Some(first) =
                self.kept.iter().min_by_key(|(_, circuit)| circuit.forgets_at()).map(|(name, _)| Arc::clone(name))
        {
            self.kept.remove(&first);
        }
        self.kept.insert(name.into(), circuit);
    }

    /// Forgets everything: another release runs.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.note_start();
        self.has_started = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::room_circuit::{Cause, Verdict};

    const WINDOW: Duration = Duration::from_secs(10);

    fn may_restart(circuit: &mut RoomCircuit, now: Instant) -> bool {
        circuit.judge(Cause::App, now) == Verdict::Restart
    }

    fn circuits() -> Circuits {
        Circuits::new(&Limits { max_restarts: 5, restart_window: WINDOW, ..Limits::default() })
    }

    #[test]
    fn a_room_whose_circuit_is_open_does_not_open_before_the_cool_down_and_then_has_one_trial() {
        let (mut circuits, now) = (circuits(), Instant::now());
        let mut circuit = circuits.take("a", now).expect("nothing has failed");
        circuit.open(now);
        circuits.keep("a", circuit, now);
        assert!(circuits.take("a", now).is_none());
        assert!(circuits.take("b", now).is_some());
        let mut circuit = circuits.take("a", now + WINDOW).expect("the cool-down has passed");
        assert!(!may_restart(&mut circuit, now + WINDOW), "it is a trial");
    }

    #[test]
    fn the_restarts_of_a_room_that_comes_and_goes_count_together() {
        let (mut circuits, now) = (circuits(), Instant::now());
        for _ in 0..5 {
            let mut circuit = circuits.take("a", now).expect("the circuit is closed");
            assert!(may_restart(&mut circuit, now));
            circuits.keep("a", circuit, now);
        }
        assert!(!may_restart(&mut circuits.take("a", now).expect("the circuit is closed"), now));
    }

    #[test]
    fn a_release_that_cannot_start_for_any_name_has_one_trial_in_a_window() {
        let (mut circuits, now) = (circuits(), Instant::now());
        for room in 0..=MAX_FAILED_ROOMS {
            assert!(circuits.take(&room.to_string(), now).is_some());
            assert_eq!(circuits.note_failed_start(now), room == MAX_FAILED_ROOMS);
        }
        assert!(circuits.take("another", now).is_none());
        let later = now + WINDOW;
        assert!(!may_restart(&mut circuits.take("trial", later).expect("the cool-down has passed"), later));
        assert!(circuits.take("another", later).is_none(), "it waits for the outcome");
        assert!(!circuits.note_failed_start(later), "it is open already");
        let again = later + WINDOW;
        assert!(circuits.take("trial", again).is_some());
        assert!(circuits.note_start());
        assert!(circuits.take("another", again).is_some_and(|mut circuit| may_restart(&mut circuit, again)));
    }

    #[test]
    fn rooms_that_cannot_start_among_others_that_do_hold_no_other_room_back() {
        let (mut circuits, now) = (circuits(), Instant::now());
        for _ in 0..10 {
            (0..MAX_FAILED_ROOMS).for_each(|_| assert!(!circuits.note_failed_start(now)));
            assert!(!circuits.note_start());
        }
        assert!(circuits.take("a", now).is_some());
    }

    #[test]
    fn a_release_that_has_started_rooms_holds_no_name_back_for_others_that_fail_which_have_one_launch_each() {
        let (mut circuits, now) = (circuits(), Instant::now());
        circuits.note_start();
        for room in 0..=MAX_FAILED_ROOMS {
            assert!(circuits.take(&room.to_string(), now).is_some());
            assert!(!circuits.note_failed_start(now), "not all are refused");
        }
        let mut circuit = circuits.take("another", now).expect("it is not to blame");
        assert!(!may_restart(&mut circuit, now), "its first launch is the last");
        assert!(circuits.note_start());
        assert!(circuits.take("a third", now).is_some_and(|mut circuit| may_restart(&mut circuit, now)));
    }

    #[test]
    fn another_release_begins_with_closed_circuits() {
        let (mut circuits, now) = (circuits(), Instant::now());
        let mut circuit = circuits.take("a", now).expect("nothing has failed");
        circuit.open(now);
        circuits.keep("a", circuit, now);
        let opened = (0..=MAX_FAILED_ROOMS).filter(|_| circuits.note_failed_start(now)).count();
        assert_eq!(opened, 1);
        circuits.clear();
        assert!(circuits.take("a", now).is_some_and(|mut circuit| may_restart(&mut circuit, now)));
    }

    #[test]
    fn a_shard_keeps_a_bounded_number_of_breakers_and_only_while_they_remember_something() {
        let (mut circuits, now) = (circuits(), Instant::now());
        circuits.keep("fine", RoomCircuit::new(5, WINDOW), now);
        assert!(circuits.kept.is_empty());
        let failed_at = |at| {
            let mut circuit = RoomCircuit::new(5, WINDOW);
            circuit.open(at);
            circuit
        };
        circuits.keep("first", failed_at(now), now);
        for n in 0..MAX_KEPT {
            circuits.keep(&n.to_string(), failed_at(now + WINDOW / 2), now);
        }
        assert_eq!(circuits.kept.len(), MAX_KEPT);
        assert!(circuits.take("first", now).is_some(), "it was given up");
        let much_later = now + 3 * WINDOW;
        circuits.keep("last", failed_at(much_later), much_later);
        assert_eq!(circuits.kept.len(), 1);
    }
}
