//! The quota of log lines for a guest's output.

use std::time::{Duration, Instant};

/// Lines of one stream of one instance that are logged within a second; a long line counts once per started KiB. So a flood
/// costs at most 1 MiB of log a second and stream, and writing it does not keep a shard busy.
const UNITS_PER_WINDOW: usize = 1000;
/// The same for all instances of a program together.
const UNITS_OF_ALL: usize = 10 * UNITS_PER_WINDOW;
const WINDOW: Duration = Duration::from_secs(1);
const UNIT_BYTES: usize = 1 << 10;

/// The decision about one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Log it.
    Log,
    /// Log it, and before it the number of lines that were left out.
    LogAfter(Dropped),
    /// Drop it, and log that lines are being dropped: it is the first.
    DropFirst,
    /// Drop it.
    Drop,
}

/// Lines that were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

/// Counts lines in windows of one second.
#[derive(Debug)]
pub(super) struct Quota {
    units: usize,
    /// The start of the window, or `None` before the first line.
    began: Option<Instant>,
    used: usize,
    dropped: Dropped,
}

impl Default for Quota {
    /// The quota of one stream of one instance.
    fn default() -> Self {
        Self::new(UNITS_PER_WINDOW)
    }
}

impl Quota {
    /// The quota of all instances together.
    pub(super) fn of_all() -> Self {
        Self::new(UNITS_OF_ALL)
    }

    fn new(units: usize) -> Self {
        Self { units, began: None, used: 0, dropped: Dropped::default() }
    }

    /// Decides about a line of `bytes` bytes at this time.
    pub(super) fn ask(&mut self, bytes: usize, now: Instant) -> Verdict {
        if self.began.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW) {
            self.began = Some(now);
            self.used = 0;
        }
        if self.used >= self.units {
            let first = self.dropped.lines == 0;
            self.dropped.lines += 1;
            self.dropped.bytes += bytes as u64;
            return if first { Verdict::DropFirst } else { Verdict::Drop };
        }
        self.used += bytes.div_ceil(UNIT_BYTES).max(1);
        self.take_dropped().map_or(Verdict::Log, Verdict::LogAfter)
    }

    /// Takes the count of dropped lines that has not been logged yet.
    pub(super) fn take_dropped(&mut self) -> Option<Dropped> {
        Some(std::mem::take(&mut self.dropped)).filter(|dropped| dropped.lines > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(quota: &mut Quota, lines: usize, bytes: usize, now: Instant) -> usize {
        (0..lines).filter(|_| matches!(quota.ask(bytes, now), Verdict::Log | Verdict::LogAfter(_))).count()
    }

    #[test]
    fn a_thousand_lines_of_a_second_are_logged_and_the_first_drop_is_marked() {
        let (mut quota, now) = (Quota::default(), Instant::now());
        assert_eq!(logged(&mut quota, 1000, 80, now), 1000);
        assert_eq!(quota.ask(80, now + WINDOW / 2), Verdict::DropFirst);
        assert_eq!(quota.ask(80, now + WINDOW / 2), Verdict::Drop);
    }

    #[test]
    fn the_next_second_begins_with_how_many_were_left_out() {
        let (mut quota, now) = (Quota::default(), Instant::now());
        assert_eq!(logged(&mut quota, 1003, 80, now), 1000);
        assert_eq!(quota.ask(80, now + WINDOW), Verdict::LogAfter(Dropped { lines: 3, bytes: 240 }));
        assert_eq!(logged(&mut quota, 2000, 80, now + WINDOW), 999);
    }

    #[test]
    fn a_long_line_counts_for_each_kibibyte_that_it_begins() {
        let (mut quota, now) = (Quota::default(), Instant::now());
        assert_eq!(logged(&mut quota, 1000, 8 << 10, now), 125);
        assert_eq!(logged(&mut quota, 1000, 1025, now + WINDOW), 500);
    }

    #[test]
    fn all_instances_together_have_the_quota_of_ten_streams() {
        let (mut quota, now) = (Quota::of_all(), Instant::now());
        assert_eq!(logged(&mut quota, 20_000, 80, now), 10_000);
        assert_eq!(quota.ask(80, now + WINDOW), Verdict::LogAfter(Dropped { lines: 10_000, bytes: 800_000 }));
    }

    #[test]
    fn a_guest_below_the_quota_loses_no_line() {
        let (mut quota, now) = (Quota::default(), Instant::now());
        for second in 0..100 {
            assert_eq!(logged(&mut quota, 900, 80, now + WINDOW * second), 900);
        }
        assert_eq!(quota.take_dropped(), None);
    }
}
