//! Timers that outlive the room's instance and its hibernation.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::timers::{MAX_DELAY, Timer, Timers, micros, on_grid};
use super::undo::Undo;
use super::{Room, State};
use crate::store::{DurableTimer, MAX_TIMER_ID, Write};

/// How long durable timers wait before the journal is looked at again that takes no writes.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

impl Timers {
    /// The time of the wall clock, if the room can keep durable timers.
    pub(super) fn wall_us(&self) -> Option<u64> {
        self.wall_clock.map(|clock| clock())
    }

    /// When the next durable timer is due by the wall clock.
    pub fn next_durable_due(&self) -> Option<u64> {
        self.durable_by_due.first().map(|(due_us, _)| *due_us)
    }

    /// The durable timers, the next one first.
    pub fn durable(&self) -> Vec<DurableTimer> {
        self.durable_by_due.iter().filter_map(|(_, id)| self.by_id.get(id)?.kept(*id)).collect()
    }

    /// Sets the durable timers of a room that opens again. New timers get ids that no timer of the room's earlier life has had: those of
    /// then have been given before this time.
    pub fn restore_durable(&mut self, kept: Vec<DurableTimer>, now: Instant) {
        let Some(wall_us) = self.wall_us() else { return };
        self.next_id = self.next_id.max(wall_us);
        for DurableTimer { id, due_us, every_us, payload } in kept {
            // A larger one comes from a database that was edited, and nothing could be counted up from it.
            if id <= MAX_TIMER_ID {
                self.next_id = self.next_id.max(id);
            }
            let due = now + Duration::from_micros(due_us.saturating_sub(wall_us)).min(MAX_DELAY);
            let every = every_us.map(Duration::from_micros);
            self.restore(id, Timer { due, due_us: Some(due_us), every, payload, new: false });
        }
    }

    /// Takes a durable timer off, whose handler is to run. A repeating one is set again on its grid. Returns the timer as it was, and as it
    /// is now.
    fn begin(&mut self, id: u64, now: Instant) -> Option<(Timer, Option<DurableTimer>)> {
        let (due_us, wall_us) = (self.by_id.get(&id)?.due_us?, self.wall_us()?);
        let timer = self.cancel(id)?;
        let again = timer.every.map(|every| {
            let late = Duration::from_micros(wall_us.saturating_sub(due_us));
            let due_us = due_us + micros(on_grid(late, every));
            let due = now + Duration::from_micros(due_us.saturating_sub(wall_us));
            Timer { due, due_us: Some(due_us), ..timer.clone() }
        });
        let kept = again.as_ref().and_then(|again| again.kept(id));
        if let Some(again) = again {
            self.restore(id, again);
        }
        Some((timer, kept))
    }
}

impl Timer {
    /// The timer as it is kept, if it is durable.
    pub(super) fn kept(&self, id: u64) -> Option<DurableTimer> {
        let due_us = self.due_us?;
        Some(DurableTimer { id, due_us, every_us: self.every.map(micros), payload: self.payload.clone() })
    }
}

impl State {
    /// Adds a write to the running turn, if it goes to a journal.
    pub(super) fn stage(&mut self, write: Write) {
        if self.contents.journal().is_some() {
            self.turn.written.writes.push(write);
        }
    }

    /// Undoes that a durable timer was taken off.
    pub(super) fn put_back(&mut self, id: u64, timer: Timer) {
        self.timers.cancel(id);
        self.timers.restore(id, timer);
    }
}

impl Room {
    /// From now on the room can keep durable timers, by this clock: microseconds since 1970.
    pub(crate) fn keep_timers(&mut self, wall_clock: fn() -> u64) {
        self.timers_mut().wall_clock = Some(wall_clock);
    }

    /// The handler of a timer begins. A durable timer is taken off by the handler's turn. Returns whether it is one.
    pub(crate) fn begin_timer(&mut self, id: u64) -> bool {
        let state = self.state_mut();
        let Some((timer, again)) = state.timers.begin(id, (state.clock)()) else { return false };
        state.turn.undo_log.push(Undo::TimerRan(id, timer));
        state.stage(again.map_or(Write::DropTimer(id), Write::SetTimer));
        true
    }

    /// Takes the next timer that is due, as `Timers::take_due` does. While the journal takes no writes, durable timers wait: their handlers
    /// would run for nothing.
    pub(crate) fn take_due_timer(&mut self, now: Instant) -> Option<(Instant, u64, Bytes)> {
        let state = self.state_mut();
        if state.timers.next_due_is_durable() && !state.contents.takes_writes() {
            state.timers.postpone_next(now + UNAVAILABLE_PAUSE);
            return None;
        }
        state.timers.take_due(now)
    }

    /// Stages a change of what the journal keeps of the room beside its store. The caller commits it.
    pub(crate) fn keep(&mut self, write: Write) {
        self.state_mut().stage(write);
    }
}
