//! How many ticks a call has computed for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::engine::TICK;

/// What an instance's ticks and whoever awaits its calls tell each other. A clone costs a reference count.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The thread's CPU time up to which the call's is counted, in nanoseconds; 0 when it is not known.
    counted: AtomicU64,
    /// Set by a tick that suspends the call, so that this does not pass for waiting: how long it takes until a call that
    /// computes goes on is up to the shard's other rooms.
    yielded: AtomicBool,
}

impl Pace {
    /// A call begins, or waits: until its next tick it is not known since when it has computed.
    pub(super) fn begin(&self) {
        self.0.counted.store(0, Relaxed);
    }

    /// A tick has hit the call. How many have passed: the guest notices none while it is in an import of the host, so one
    /// can stand for several. What was before the first one is not known, since a short call is to read no clock.
    pub(super) fn ticks(&self) -> u64 {
        let now = thread_cpu_time();
        match self.0.counted.swap(now, Relaxed) {
            0 => 1,
            before => ticks_in(Duration::from_nanos(now.saturating_sub(before))).max(1),
        }
    }

    /// The call is suspended by a tick, until `resume`.
    pub(super) fn suspend(&self) {
        self.0.yielded.store(true, Relaxed);
    }

    /// Whether the call that is suspended was so by a tick, asked once.
    pub(super) fn take_yielded(&self) -> bool {
        self.0.yielded.swap(false, Relaxed)
    }

    /// The call goes on: what the thread did meanwhile is not the call's.
    pub(super) fn resume(&self) {
        self.0.counted.store(thread_cpu_time(), Relaxed);
    }
}

fn ticks_in(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX)
}

/// Of a thread that is not kept waiting by other processes: on a busy machine a call may take its time.
fn thread_cpu_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // More than 0, which means that it is not known.
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64).max(1)
}
