//! How fast connections are accepted: an even rate with room for a short burst. The caller passes the time in.

use std::time::{Duration, Instant};

/// A rate of accepting. Connections beyond it wait in the kernel's backlog; when that is full, TCP makes the clients try again.
#[derive(Debug)]
pub struct AcceptRate {
    /// The time from one connection to the next. `None` means no limit.
    interval: Option<Duration>,
    /// How far ahead of the rate connections may be: a tenth of a second's connections at once.
    ahead: Duration,
    /// When the next one is due.
    due: Option<Instant>,
}

impl AcceptRate {
    /// `per_second` connections, or no limit.
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

    /// How many connections are accepted within this time, if one always waits and the loop looks every millisecond.
    fn accepted_within(rate: &mut AcceptRate, from: Instant, time: Duration) -> usize {
        let mut count = 0;
        for tick in 0..time.as_millis() as u64 {
            let now = from + Duration::from_millis(tick);
            while rate.ready_at().is_none_or(|ready| ready <= now) && count < 100_000 {
                rate.accepted(|| now);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn a_second_admits_the_rate_and_a_burst_of_a_tenth() {
        let now = Instant::now();
        assert_eq!(accepted_within(&mut AcceptRate::new(Some(1000)), now, Duration::from_secs(1)), 1000 + 99);
        assert_eq!(accepted_within(&mut AcceptRate::new(Some(1000)), now, Duration::from_millis(1)), 100);
    }

    #[test]
    fn a_slow_rate_has_no_burst() {
        let (mut rate, now) = (AcceptRate::new(Some(1)), Instant::now());
        assert_eq!(accepted_within(&mut rate, now, Duration::from_millis(999)), 1);
        assert_eq!(rate.ready_at(), Some(now + Duration::from_secs(1)));
    }

    #[test]
    fn a_quiet_time_is_not_saved_up() {
        let (mut rate, now) = (AcceptRate::new(Some(1000)), Instant::now());
        accepted_within(&mut rate, now, Duration::from_millis(500));
        let later = now + Duration::from_secs(3600);
        assert_eq!(accepted_within(&mut rate, later, Duration::from_millis(1)), 100);
    }

    #[test]
    fn without_a_limit_all_are_accepted_and_no_clock_is_read() {
        let mut rate = AcceptRate::new(None);
        rate.accepted(|| unreachable!("no clock is read"));
        assert_eq!(rate.ready_at(), None);
    }
}
