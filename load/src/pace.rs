//! When messages are to be sent at a fixed rate.

use std::time::Duration;

/// A rate, as points in time. Latency counts from these points and not from when a message got away: else a server that stalls would
/// keep the load generator from sending, and so from noticing.
#[derive(Debug)]
pub struct Pace {
    interval: f64,
    begun: Duration,
    sent: u64,
}

impl Pace {
    /// So many per second, from a time on.
    pub fn new(per_second: f64, begun: Duration) -> Self {
        Self { interval: per_second.recip(), begun, sent: 0 }
    }

    /// When the next one is to be sent.
    pub fn next(&self) -> Duration {
        self.begun + Duration::from_secs_f64(self.interval * self.sent as f64)
    }

    /// The intended time of one that is due.
    pub fn due(&mut self, now: Duration) -> Option<Duration> {
        let next = self.next();
        (next <= now).then(|| {
            self.sent += 1;
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_due_with_the_time_at_which_it_should_have_gone() {
        let mut pace = Pace::new(1000.0, Duration::from_secs(1));
        assert_eq!(pace.due(Duration::from_millis(999)), None);
        let late = Duration::from_millis(1002);
        let times: Vec<_> = std::iter::from_fn(|| pace.due(late)).map(|time| time.as_millis()).collect();
        assert_eq!(times, [1000, 1001, 1002]);
        assert_eq!(pace.next().as_millis(), 1003);
    }
}
