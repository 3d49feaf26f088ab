//! How many ticks a call has computed for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::engine::TICK;

/// Counts the ticks of an instance's calls. The store's ticks and the wait limit share it; a clone costs a reference count.
#[derive(Debug, Clone, Default)]
pub(super) struct TickCount(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The thread's CPU time up to which the call's is counted, in nanoseconds; 0 when it is not known.
    counted: AtomicU64,
    /// Set by a tick that suspends the call. Such a suspension is not a wait of the guest: its length depends on the
    /// shard's other rooms.
    yielded: AtomicBool,
    /// Whether the call has been suspended, by a tick or by a wait.
    suspended: AtomicBool,
}

impl TickCount {
    /// The host calls the guest.
    pub(super) fn enter(&self) {
        self.0.suspended.store(false, Relaxed);
    }

    /// The call is suspended.
    pub(super) fn note_suspended(&self) {
        self.0.suspended.store(true, Relaxed);
    }

    /// Whether the call has been suspended.
    pub(super) fn was_suspended(&self) -> bool {
        self.0.suspended.load(Relaxed)
    }

    /// A call begins or waits: the start of its computing is unknown until its next tick.
    pub(super) fn begin(&self) {
        self.0.counted.store(0, Relaxed);
    }

    /// Counts the ticks up to the one that has just hit the call.
    ///
    /// A guest notices no tick while it is in an import, so that one can stand for several. The first tick of a call
    /// counts as one, because a short call reads no clock.
    pub(super) fn advance(&self) -> u64 {
        let now = thread_cpu_time();
        match self.0.counted.swap(now, Relaxed) {
            0 => 1,
            before => ticks_in(Duration::from_nanos(now.saturating_sub(before))).max(1),
        }
    }

    /// The tick suspends the call until `resume`.
    pub(super) fn suspend(&self) {
        self.0.yielded.store(true, Relaxed);
    }

    /// Whether a tick has suspended the call. Answers true once for each such tick.
    pub(super) fn take_yielded(&self) -> bool {
        self.0.yielded.swap(false, Relaxed)
    }

    /// The call goes on. The thread's time since the tick does not count for it.
    pub(super) fn resume(&self) {
        self.0.counted.store(thread_cpu_time(), Relaxed);
    }
}

fn ticks_in(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX)
}

/// The thread's CPU time in nanoseconds, at least 1 because 0 means unknown. Time that other processes take does not count.
fn thread_cpu_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64).max(1)
}
