//! The time after a swap in which traps count against the new release.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use tokio::sync::Notify;

/// A probation. All rooms of a server share it.
#[derive(Debug)]
pub struct Probation {
    until: Instant,
    max_traps: u32,
    traps: AtomicU32,
    tripped: Notify,
}

impl Probation {
    /// A probation until this time, which `max_traps` traps end early.
    pub fn new(until: Instant, max_traps: u32) -> Arc<Self> {
        Arc::new(Self { until, max_traps, traps: AtomicU32::new(0), tripped: Notify::new() })
    }

    /// Counts a trap of a room.
    pub fn count_trap(&self, now: Instant) {
        if now < self.until && self.traps.fetch_add(1, Relaxed) + 1 == self.max_traps {
            self.tripped.notify_one();
        }
    }

    /// Resolves when there were too many traps. It never resolves if there are too few.
    pub async fn failed(&self) {
        self.tripped.notified().await;
    }

    /// Whether there were too many traps.
    pub fn has_failed(&self) -> bool {
        self.max_traps > 0 && self.traps.load(Relaxed) >= self.max_traps
    }

    /// When it ends.
    pub fn until(&self) -> Instant {
        self.until
    }
}
