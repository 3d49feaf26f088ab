//! How long to wait before the next attempt.

use std::time::Duration;

/// The waits between attempts: each twice the one before, of which half is random, so that clients do not come back all at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, attempts: 0 }
    }

    /// The wait before the next attempt. `random` is in 0..1.
    pub(crate) fn next(&mut self, random: f64) -> Duration {
        let whole = self.min.saturating_mul(2u32.saturating_pow(self.attempts)).min(self.max);
        self.attempts = self.attempts.saturating_add(1);
        whole.mul_f64(0.5 + random / 2.0)
    }

    /// The number of attempts since the last good line.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The line is a good one, or the application wants an attempt now.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_half_of_each_is_random() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(3));
        let waits: Vec<_> = (0..5).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 3000, 3000]);
        backoff.reset();
        assert_eq!((backoff.next(0.0).as_millis(), backoff.attempts()), (250, 1));
        (0..100).for_each(|_| assert!(backoff.next(0.5) < Duration::from_secs(3)));
    }
}
