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
pub(super) const MAX_DELAY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How late a call of a repeating timer may be and still be made. The wheel of tokio's timers and the wait below it round up to a
/// millisecond each, and a busy machine lets a thread wait for some more. So calls close to each other come in bursts.
const LATEST: Duration = Duration::from_millis(20);

/// How a timer runs, and how long the host keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimerOptions {
    /// Whether it runs again each time that its delay has passed, until it is cancelled.
    pub repeat: bool,
    /// Whether it outlives the room's hibernation and the process.
    pub durable: bool,
}

impl TimerOptions {
    /// A timer that runs once.
    pub const ONCE: Self = Self { repeat: false, durable: false };
    /// A timer that runs each time that its delay has passed.
    pub const REPEAT: Self = Self { repeat: true, durable: false };
}

/// Why a timer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimerError {
    /// The room already has 10,000 timers, or they have 16 MiB of payloads. For a durable timer also: the handler or all rooms together have
    /// written as much as they may.
    #[error("the room has as many timers as it may, or as much is written for durable ones as may be")]
    Limit,
    /// The payload is larger than 64 KiB, or a repeating timer's delay is 0.
    #[error("the payload is larger than 64 KiB, or a repeating timer's delay is 0")]
    Invalid,
    /// The timer is durable, and the room cannot keep one.
    #[error("the room cannot keep a durable timer")]
    NotDurable,
    /// The timer is durable, and the host cannot write to its store at present.
    #[error("the host cannot write to its store at present")]
    Unavailable,
}

/// One timer that is set.
#[derive(Debug, Clone)]
pub(super) struct Timer {
    pub(super) due: Instant,
    /// When a durable timer is due by the wall clock, in microseconds since 1970.
    pub(super) due_us: Option<u64>,
    pub(super) every: Option<Duration>,
    pub(super) payload: Bytes,
    /// Whether the running handler has set it. Undoing that only has to remove it.
    pub(super) new: bool,
}

impl Timer {
    /// A timer that the running handler sets at this time. With a time of the wall clock, it is durable. A longer delay than the longest
    /// one becomes that.
    pub(super) fn new((now, wall_us): (Instant, Option<u64>), delay: Duration, repeat: bool, payload: Bytes) -> Self {
        let delay = delay.min(MAX_DELAY);
        let due_us = wall_us.map(|now| now.saturating_add(micros(delay)));
        Self { due: now + delay, due_us, every: repeat.then_some(delay), payload, new: true }
    }

    pub(super) fn is_new(&self) -> bool {
        self.new
    }
}

/// The timers that are set.
#[derive(Debug, Default)]
pub struct Timers {
    pub(super) next_id: u64,
    pub(super) by_id: HashMap<u64, Timer>,
    by_due: BTreeSet<(Instant, u64)>,
    /// The clock of durable timers, in microseconds since 1970. Without it, the room can keep none.
    pub(super) wall_clock: Option<fn() -> u64>,
    /// The durable timers, by that clock.
    pub(super) durable_by_due: BTreeSet<(u64, u64)>,
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
    ///
    /// A durable one stays until its handler begins: it is taken off by the handler's turn. If the wall clock says that it is too early,
    /// because it was set back, the timer is postponed.
    pub fn take_due(&mut self, now: Instant) -> Option<(Instant, u64, Bytes)> {
        let (due, id) = *self.by_due.first().filter(|(due, _)| *due <= now)?;
        if let Some(due_us) = self.by_id.get(&id)?.due_us {
            let early = Duration::from_micros(due_us.saturating_sub(self.wall_us()?));
            if early.is_zero() {
                return Some((due, id, self.by_id.get(&id)?.payload.clone()));
            }
            let timer = self.cancel(id)?;
            self.restore(id, Timer { due: now + early.min(MAX_DELAY), ..timer });
            return None;
        }
        let timer = self.cancel(id)?;
        if let Some(every) = timer.every {
            self.restore(id, Timer { due: due + on_grid(now.saturating_duration_since(due), every), ..timer.clone() });
        }
        Some((due, id, timer.payload))
    }

    /// Whether the next timer is durable.
    pub(super) fn next_due_is_durable(&self) -> bool {
        !self.durable_by_due.is_empty()
            && self.by_due.first().and_then(|(_, id)| self.by_id.get(id)).is_some_and(|timer| timer.due_us.is_some())
    }

    /// Has the next timer wait until this time.
    pub(super) fn postpone_next(&mut self, until: Instant) {
        let next = self.by_due.first().map(|(_, id)| *id);
        if let Some((id, timer)) = next.and_then(|id| Some((id, self.cancel(id)?))) {
            self.restore(id, Timer { due: until, ..timer });
        }
    }

    pub(super) fn restore(&mut self, id: u64, timer: Timer) {
        self.payload_bytes += timer.payload.len();
        self.by_due.insert((timer.due, id));
        if let Some(due_us) = timer.due_us {
            self.durable_by_due.insert((due_us, id));
        }
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
        if let Some(due_us) = timer.due_us {
            self.durable_by_due.remove(&(due_us, id));
        }
        Some(timer)
    }
}

/// The time from one call of a repeating timer to the next, if it is late by so much. The grid stays where it was. A call that is late by
/// up to `LATEST` is made up for, and a later one left out.
pub(super) fn on_grid(late: Duration, every: Duration) -> Duration {
    // In u64 this reaches 500 years.
    let steps = late.saturating_sub(LATEST).as_nanos().div_ceil(every.as_nanos().max(1)).max(1);
    let nanos = steps.saturating_mul(every.as_nanos());
    u64::try_from(nanos).map_or(MAX_DELAY, Duration::from_nanos)
}

/// A time in microseconds, rounded up: no timer runs early.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)
}
