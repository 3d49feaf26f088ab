//! The lateness of ticks, measured against a fixed grid.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lateness is kept for one minute: 60 s at 20 Hz.
const REMEMBERED: usize = 1200;

/// The grid of a repeating timer, with the lateness of its recent ticks.
pub struct Pace {
    period: Duration,
    /// The due time of the next tick. It is derived from the first tick alone: a late tick moves nothing, so a slow
    /// drift shows as growing lateness.
    due: Instant,
    late: VecDeque<Duration>,
    left_out: u64,
}

impl Pace {
    pub fn new(period: Duration, first: Instant) -> Self {
        Self { period, due: first, late: VecDeque::new(), left_out: 0 }
    }

    /// Records a tick at `now`.
    pub fn tick(&mut self, now: Instant) {
        let late = match now.checked_duration_since(self.due) {
            Some(late) => {
                let missed = u32::try_from(late.as_nanos() / self.period.as_nanos()).unwrap_or(u32::MAX - 1);
                self.left_out += u64::from(missed);
                self.due += self.period * (missed + 1);
                late
            }
            // The last tick came so late that this one was counted as left out.
            None => {
                self.left_out = self.left_out.saturating_sub(1);
                (now + self.period).saturating_duration_since(self.due)
            }
        };
        if self.late.len() == REMEMBERED {
            self.late.pop_front();
        }
        self.late.push_back(late);
    }

    /// Returns the nanoseconds until the next tick, negative if it is overdue.
    pub fn due_in(&self, now: Instant) -> i64 {
        let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        nanos(self.due.saturating_duration_since(now)) - nanos(now.saturating_duration_since(self.due))
    }

    /// Returns `1200 ticks, 0 left out; late by p50 1.10 ms, p99 2.05 ms, max 3.00 ms`, for the last minute.
    pub fn report(&self) -> String {
        let mut late: Vec<_> = self.late.iter().copied().collect();
        late.sort_unstable();
        let [p50, p99, max] = [50, 99, 100].map(|percent| {
            let micros = percentile(&late, percent).as_micros();
            // Integers, because the code that formats a floating-point number takes 20 KB.
            format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
        });
        format!("{} ticks, {} left out; late by p50 {p50}, p99 {p99}, max {max}", late.len(), self.left_out)
    }
}

/// Returns the smallest value that at least `percent` of the values do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Pace, percentile};
    use std::time::{Duration, Instant};

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn ticks_are_measured_against_the_grid_not_against_each_other() {
        let zero = Instant::now();
        let mut pace = Pace::new(ms(50), zero + ms(50));
        for late in [1, 10, 2] {
            let due = pace.due;
            pace.tick(due + ms(late));
        }
        assert_eq!(Vec::from(pace.late), [ms(1), ms(10), ms(2)]);
        assert_eq!(pace.due, zero + ms(200));
    }

    #[test]
    fn ticks_that_never_came_are_counted() {
        let zero = Instant::now();
        let mut pace = Pace::new(ms(50), zero);
        pace.tick(zero + ms(120));
        assert_eq!((pace.left_out, pace.due), (2, zero + ms(150)));
        // The tick that was due at 100 ms comes after all.
        pace.tick(zero + ms(130));
        assert_eq!((pace.left_out, pace.due), (1, zero + ms(150)));
        assert_eq!(pace.report(), "2 ticks, 1 left out; late by p50 30.00 ms, p99 120.00 ms, max 120.00 ms");
    }

    #[test]
    fn the_next_tick_is_ahead_or_overdue() {
        let due = Instant::now() + ms(50);
        let pace = Pace::new(ms(50), due);
        assert_eq!((pace.due_in(due - ms(1)), pace.due_in(due + ms(1))), (1_000_000, -1_000_000));
    }

    #[test]
    fn only_the_last_minute_is_remembered() {
        let mut pace = Pace::new(ms(50), Instant::now());
        for _ in 0..1300 {
            let due = pace.due;
            pace.tick(due);
        }
        assert_eq!(pace.late.len(), 1200);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<_> = (1..=200).map(ms).collect();
        assert_eq!([50, 99, 100].map(|percent| percentile(&sorted, percent)), [ms(100), ms(198), ms(200)]);
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
