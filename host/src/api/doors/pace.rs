//! A rate with room for a burst, as a function of the time that is passed in (the generic cell rate algorithm).

use std::time::{Duration, Instant};

/// A number of uses within a time, which may come all at once.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    interval: Duration,
    /// How far ahead of the rate uses may be.
    ahead: Duration,
}

impl Pace {
    /// `uses` within `time`.
    pub fn new(uses: u32, time: Duration) -> Self {
        let uses = uses.max(1);
        let interval = time / uses;
        Self { interval, ahead: interval * (uses - 1) }
    }

    /// How long to wait for the next use. `due` is when the uses before are paid for.
    pub fn wait(&self, due: Instant, now: Instant) -> Option<Duration> {
        let ready = due.checked_sub(self.ahead).unwrap_or(due);
        ready.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// When all uses are paid for after one more.
    pub fn used(&self, due: Instant, now: Instant) -> Instant {
        due.max(now) + self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_the_whole_number_is_paid_for_within_the_time() {
        let (pace, start) = (Pace::new(10, Duration::from_secs(60)), Instant::now());
        let mut due = start;
        for _ in 0..10 {
            assert_eq!(pace.wait(due, start), None);
            due = pace.used(due, start);
        }
        assert_eq!(pace.wait(due, start), Some(Duration::from_secs(6)));
        assert_eq!(pace.wait(due, start + Duration::from_secs(6)), None);
        assert_eq!(due, start + Duration::from_secs(60));
    }
}
