//! The send times of messages at a fixed rate.

use std::time::Duration;

/// A rate, as points in time. Latency counts from these points and not from the actual sending. Otherwise a server that stalls would
/// also stop the sending, and the stall would not show.
#[derive(Debug)]
pub struct Pace {
    interval: f64,
    begun: Duration,
    sent: u64,
}

impl Pace {
    /// `rate` points per second, from a time on.
    pub fn new(per_second: f64, begun: Duration) -> Self {
        Self { interval: per_second.recip(), begun, sent: 0 }
    }

    /// The time of the next point.
    pub fn next(&self) -> Duration {
        self.begun + Duration::from_secs_f64(self.interval * self.sent as f64)
    }

    /// Takes the next point if it is due, and returns its intended time.
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
    fn a_missed_message_is_due_with_its_intended_time() {
        let mut pace = Pace::new(1000.0, Duration::from_secs(1));
        assert_eq!(pace.due(Duration::from_millis(999)), None);
        let late = Duration::from_millis(1002);
        let times: Vec<_> = std::iter::from_fn(|| pace.due(late)).map(|time| time.as_millis()).collect();
        assert_eq!(times, [1000, 1001, 1002]);
        assert_eq!(pace.next().as_millis(), 1003);
    }
}
