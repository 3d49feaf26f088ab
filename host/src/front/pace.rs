//! How fast connections are accepted: an even pace with room for a short burst. Time comes in from outside.

use std::time::{Duration, Instant};

/// A pace. It is kept by not accepting: who comes too fast waits in the kernel's backlog, and TCP has him wait if that is full.
#[derive(Debug)]
pub struct Pace {
    /// From one connection to the next; without it there is no limit.
    interval: Option<Duration>,
    /// How far ahead of the pace one may be: a tenth of a second's connections at once.
    ahead: Duration,
    /// When the next one is due.
    due: Option<Instant>,
}

impl Pace {
    /// So many in a second, or as many as come.
    pub fn new(per_second: Option<u32>) -> Self {
        let interval = per_second.map(|rate| Duration::from_secs(1) / rate.max(1));
        let ahead = interval.map_or(Duration::ZERO, |interval| interval * (per_second.unwrap_or(0) / 10).saturating_sub(1));
        Self { interval, ahead, due: None }
    }

    /// When the next connection may be accepted; `None` means at once.
    pub fn ready_at(&self) -> Option<Instant> {
        self.due.map(|due| due.checked_sub(self.ahead).unwrap_or(due))
    }

    /// A connection was accepted.
    pub fn accepted(&mut self, now: impl FnOnce() -> Instant) {
        if let Some(interval) = self.interval {
            let now = now();
            self.due = Some(self.due.map_or(now, |due| due.max(now)) + interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many are accepted within this time, by somebody who always has one waiting and looks each millisecond.
    fn accepted_within(pace: &mut Pace, from: Instant, time: Duration) -> usize {
        let mut count = 0;
        for tick in 0..time.as_millis() as u64 {
            let now = from + Duration::from_millis(tick);
            while pace.ready_at().is_none_or(|ready| ready <= now) && count < 100_000 {
                pace.accepted(|| now);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn a_second_has_as_many_as_the_rate_says_and_a_tenth_for_the_burst() {
        let now = Instant::now();
        assert_eq!(accepted_within(&mut Pace::new(Some(1000)), now, Duration::from_secs(1)), 1000 + 99);
        assert_eq!(accepted_within(&mut Pace::new(Some(1000)), now, Duration::from_millis(1)), 100);
    }

    #[test]
    fn a_slow_pace_has_no_burst() {
        let (mut pace, now) = (Pace::new(Some(1)), Instant::now());
        assert_eq!(accepted_within(&mut pace, now, Duration::from_millis(999)), 1);
        assert_eq!(pace.ready_at(), Some(now + Duration::from_secs(1)));
    }

    #[test]
    fn a_quiet_time_is_not_saved_up() {
        let (mut pace, now) = (Pace::new(Some(1000)), Instant::now());
        accepted_within(&mut pace, now, Duration::from_millis(500));
        let later = now + Duration::from_secs(3600);
        assert_eq!(accepted_within(&mut pace, later, Duration::from_millis(1)), 100);
    }

    #[test]
    fn without_a_rate_all_are_accepted_and_no_clock_is_read() {
        let mut pace = Pace::new(None);
        pace.accepted(|| unreachable!("no clock is read"));
        assert_eq!(pace.ready_at(), None);
    }
}
