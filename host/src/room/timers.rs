//! The timers of one room, by the time when they are due.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

const MAX_TIMERS: usize = 10_000;
/// The largest payload of one timer.
pub(super) const MAX_PAYLOAD_BYTES: usize = 64 << 10;
/// The most that all payloads of a room's timers may take: 10,000 of the largest would take 640 MiB.
const MAX_PAYLOADS_BYTES: usize = 16 << 20;

/// The longest delay, a hundred years: a time further away could not be added to a reading of the clock.
const MAX_DELAY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

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
    /// Whether the running handler has set it. Undoing that only has to remove it.
    new: bool,
}

impl Timer {
    /// A timer that the running handler sets at this time. A longer delay than the longest one becomes that.
    pub(super) fn new(now: Instant, delay: Duration, repeat: bool, payload: Bytes) -> Self {
        let delay = delay.min(MAX_DELAY);
        Self { due: now + delay, every: repeat.then_some(delay), payload, new: true }
    }

    pub(super) fn is_new(&self) -> bool {
        self.new
    }
}

/// The timers that are set.
#[derive(Debug, Default)]
pub struct Timers {
    next_id: u64,
    by_id: HashMap<u64, Timer>,
    by_due: BTreeSet<(Instant, u64)>,
    payload_bytes: usize,
}

impl Timers {
    /// Whether one more timer with a payload of this many bytes fits.
    pub(super) fn have_room_for(&self, payload_bytes: usize) -> bool {
        self.by_id.len() < MAX_TIMERS && self.payload_bytes + payload_bytes <= MAX_PAYLOADS_BYTES
    }

    /// Sets a timer and returns its id.
    pub(super) fn add(&mut self, timer: Timer) -> u64 {
        self.next_id += 1;
        self.restore(self.next_id, timer);
        self.next_id
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Takes the next timer that is due, with the time when it was. A repeating one is set again on its grid.
    pub fn take_due(&mut self, now: Instant) -> Option<(Instant, u64, Bytes)> {
        let (due, id) = *self.by_due.first().filter(|(due, _)| *due <= now)?;
        self.by_due.remove(&(due, id));
        let timer = self.by_id.remove(&id)?;
        self.payload_bytes -= timer.payload.len();
        if let Some(every) = timer.every {
            // The grid stays where it was, and calls that were missed altogether are left out.
            let missed = (now - due).as_nanos() / every.as_nanos().max(1);
            let steps = u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1;
            self.restore(id, Timer { due: due + every * steps, ..timer.clone() });
        }
        Some((due, id, timer.payload))
    }

    pub(super) fn restore(&mut self, id: u64, timer: Timer) {
        self.payload_bytes += timer.payload.len();
        self.by_due.insert((timer.due, id));
        self.by_id.insert(id, timer);
    }

    /// Makes a timer final: the handler that set it has returned.
    pub(super) fn settle(&mut self, id: u64) {
        if let Some(timer) = self.by_id.get_mut(&id) {
            timer.new = false;
        }
    }

    pub(super) fn cancel(&mut self, id: u64) -> Option<Timer> {
        let timer = self.by_id.remove(&id)?;
        self.payload_bytes -= timer.payload.len();
        self.by_due.remove(&(timer.due, id));
        Some(timer)
    }
}
