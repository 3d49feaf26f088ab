//! The clock that goes on while the machine is suspended.

use rustix::time::{ClockId, clock_gettime};
use ws_cluster::Time;

/// The time by `CLOCK_BOOTTIME`.
pub(super) fn now() -> Time {
    let time = clock_gettime(ClockId::Boottime);
    Time::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
