//! A shard's own time, in four bytes.

use std::time::{Duration, Instant};

const TICK_NANOS: u64 = 1_000_000_000 / 64;

/// The time since the shard began, in ticks of a 64th of a second. Each line keeps one.
///
/// Moments wrap around after two years. Two that are compared must lie within half of that; no limit is longer than a year.
/// Bytes need no alignment, and so no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment([u8; 4]);

impl Moment {
    /// The time since `earlier`, or zero if it was not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        let ticks = self.ticks().wrapping_sub(earlier.ticks()).cast_signed();
        Duration::from_nanos(u64::try_from(ticks).unwrap_or(0) * TICK_NANOS)
    }

    fn ticks(self) -> u32 {
        u32::from_ne_bytes(self.0)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        self.ticks().wrapping_add(ticks(time)).into()
    }
}

impl From<u32> for Moment {
    fn from(ticks: u32) -> Self {
        Self(ticks.to_ne_bytes())
    }
}

/// The clock of one shard.
#[derive(Debug)]
pub struct Clock {
    begun: Instant,
}

impl Clock {
    /// A clock that begins now.
    pub fn new() -> Self {
        Self { begun: Instant::now() }
    }

    /// The present moment.
    pub fn read(&self) -> Moment {
        self.at(Instant::now())
    }

    /// Converts a time that was read already.
    pub fn at(&self, time: Instant) -> Moment {
        ticks(time.saturating_duration_since(self.begun)).into()
    }
}

/// The lower half of the ticks: moments wrap around.
fn ticks(time: Duration) -> u32 {
    (time.as_nanos() / u128::from(TICK_NANOS)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_compare_rightly_after_they_wrap_around() {
        let (before, hour) = (Moment::from(u32::MAX - 1000), Duration::from_secs(3600));
        let after = before + hour;
        assert!(after.ticks() < before.ticks(), "it has wrapped around");
        assert_eq!(after.since(before), hour);
        assert_eq!(before.since(after), Duration::ZERO);
    }

    #[test]
    fn a_year_fits() {
        let (begin, year) = (Clock::new().read(), Duration::from_secs(8760 * 3600));
        assert_eq!((begin + year).since(begin), year);
    }
}
