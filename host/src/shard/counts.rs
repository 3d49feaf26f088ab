//! The counters of a shard, beside the traffic of its lines.

use super::counting::{Counter, CounterRow};
use super::handler_times::HandlerTimes;
use super::histogram::Histogram;
use crate::close::CloseCause;
use crate::refusal::Reason;

/// The counters of one shard. Each event is an addition on the shard's own thread.
#[derive(Debug, Default)]
pub struct ShardCounts {
    /// Clients that have connected.
    pub opened: Counter,
    /// Clients that have gone, by cause.
    closed: CounterRow<{ CloseCause::ALL.len() }>,
    /// Upgrade requests that rooms have refused, by reason.
    refused: CounterRow<{ Reason::ALL.len() }>,
    /// The handlers of apps.
    pub handlers: HandlerTimes,
    /// Writes of which the kernel has not taken everything: the client reads more slowly than it is sent to.
    pub blocked_writes: Counter,
    /// Messages that have taken a client over its soft limit.
    pub over_soft: Counter,
    /// Times that a line was not read further, because the mailbox of its room was full.
    pub held_back: Counter,
    /// Rooms that have opened, again or for the first time.
    pub rooms_opened: Counter,
    /// How late the shard's own timer ran, at each of its ticks.
    pub lag: Histogram,
}

impl ShardCounts {
    /// A client has gone.
    pub fn note_closed(&self, cause: CloseCause) {
        self.closed.count(cause as usize);
    }

    /// A room has refused an upgrade request.
    pub fn note_refused(&self, reason: Reason) {
        self.refused.count(reason as usize);
    }

    /// The clients that have gone, by cause.
    pub fn closed(&self) -> [u64; CloseCause::ALL.len()] {
        self.closed.get()
    }

    /// The upgrade requests that rooms have refused, by reason.
    pub fn refused(&self) -> [u64; Reason::ALL.len()] {
        self.refused.get()
    }
}
