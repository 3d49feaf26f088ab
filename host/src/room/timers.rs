//! Timers of a room: the contract's `set-timer` and `cancel-timer`.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Room;
use super::journal::{MAX_CHANGES, Undo};

const MAX_TIMERS: usize = 10_000;
const MAX_PAYLOAD_BYTES: usize = 64 << 10;
/// All payloads of a room's timers: 10,000 of the largest would take 640 MiB.
const MAX_PAYLOADS_BYTES: usize = 16 << 20;

/// Why a timer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimerError {
    /// The room already has 10,000 timers, or they have 16 MiB of payloads.
    #[error("the room already has 10,000 timers, or they have 16 MiB of payloads")]
    Limit,
    /// The payload is larger than 64 KiB, or a repeating timer's delay is 0.
    #[error("the payload is larger than 64 KiB, or a repeating timer's delay is 0")]
    Invalid,
}

/// One timer that is set.
#[derive(Debug, Clone)]
pub(super) struct Timer {
    due: Instant,
    every: Option<Duration>,
    payload: Bytes,
    /// Set by the handler that still runs: the way back only has to take it away.
    fresh: bool,
}

/// The timers of one room, by the time when they are due.
#[derive(Debug, Default)]
pub struct Timers {
    next_id: u64,
    by_id: HashMap<u64, Timer>,
    by_due: BTreeSet<(Instant, u64)>,
    payload_bytes: usize,
}

impl Timers {
    /// When the next one is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Takes the next timer that is due, and sets a repeating one again on its grid.
    pub fn take_due(&mut self, now: Instant) -> Option<(u64, Bytes)> {
        let (due, id) = *self.by_due.first().filter(|(due, _)| *due <= now)?;
        self.by_due.remove(&(due, id));
        let timer = self.by_id.remove(&id)?;
        self.payload_bytes -= timer.payload.len();
        if let Some(every) = timer.every {
            // Calls that were missed altogether are left out; the grid stays where it was.
            let missed = (now - due).as_nanos() / every.as_nanos().max(1);
            let steps = u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1;
            self.restore(id, Timer { due: due + every * steps, ..timer.clone() });
        }
        Some((id, timer.payload))
    }

    pub(super) fn restore(&mut self, id: u64, timer: Timer) {
        self.payload_bytes += timer.payload.len();
        self.by_due.insert((timer.due, id));
        self.by_id.insert(id, timer);
    }

    /// The handler that set it has returned.
    pub(super) fn settle(&mut self, id: u64) {
        if let Some(timer) = self.by_id.get_mut(&id) {
            timer.fresh = false;
        }
    }

    pub(super) fn cancel(&mut self, id: u64) -> Option<Timer> {
        let timer = self.by_id.remove(&id)?;
        self.payload_bytes -= timer.payload.len();
        self.by_due.remove(&(timer.due, id));
        Some(timer)
    }
}

impl Room {
    /// Has `on_timer` called with this payload after `delay`, or each time that `delay` has passed.
    pub fn set_timer(&mut self, delay: Duration, repeat: bool, payload: impl Into<Bytes>) -> Result<u64, TimerError> {
        self.set_timer_at(Instant::now(), delay, repeat, payload.into())
    }

    pub(crate) fn set_timer_at(
        &mut self,
        now: Instant,
        delay: Duration,
        repeat: bool,
        payload: Bytes,
    ) -> Result<u64, TimerError> {
        let state = self.state_mut();
        if payload.len() > MAX_PAYLOAD_BYTES || (repeat && delay.is_zero()) {
            return Err(TimerError::Invalid);
        }
        let payload_bytes = state.timers.payload_bytes + payload.len();
        let full = state.timers.by_id.len() >= MAX_TIMERS || payload_bytes > MAX_PAYLOADS_BYTES;
        if full || state.journal.len() >= MAX_CHANGES {
            return Err(TimerError::Limit);
        }
        state.timers.next_id += 1;
        let id = state.timers.next_id;
        state.timers.restore(id, Timer { due: now + delay, every: repeat.then_some(delay), payload, fresh: true });
        state.journal.push(Undo::TimerSet(id));
        Ok(id)
    }

    /// Takes a timer back. No error if it has run or never existed.
    pub fn cancel_timer(&mut self, id: u64) {
        let state = self.state_mut();
        if let Some(timer) = state.timers.cancel(id).filter(|timer| !timer.fresh) {
            state.journal.push(Undo::TimerCancelled(id, timer));
        }
    }
}
