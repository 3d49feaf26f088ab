//! The clock of a node.

use std::time::Duration;

use crate::Time;

/// A clock that runs a little too fast or too slow, and may jump.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// Thousandths: 1000 is right.
    pub(super) rate: u32,
    /// Microseconds.
    pub(super) offset: i64,
}

impl Clock {
    /// The time of this clock. `now` is the true time in microseconds.
    pub(super) fn read(&self, now: u64) -> Time {
        let micros = now * u64::from(self.rate) / 1000;
        Duration::from_micros(micros.saturating_add_signed(self.offset))
    }
}
