//! How often an app may fail before it is held back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Counts restarts in a window that moves along.
#[derive(Debug)]
pub struct Breaker {
    max: usize,
    window: Duration,
    restarts: VecDeque<Instant>,
}

impl Breaker {
    /// Allows `max` restarts within any `window`.
    pub fn new(max: usize, window: Duration) -> Self {
        Self { max, window, restarts: VecDeque::new() }
    }

    /// Asks for a restart at this time. False means that there were too many: the circuit opens for one window.
    pub fn allow(&mut self, now: Instant) -> bool {
        while self.restarts.front().is_some_and(|first| now.saturating_duration_since(*first) >= self.window) {
            self.restarts.pop_front();
        }
        if self.restarts.len() >= self.max {
            self.restarts.clear();
            return false;
        }
        self.restarts.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_restart_within_ten_seconds_is_one_too_many() {
        let mut breaker = Breaker::new(5, Duration::from_secs(10));
        let start = Instant::now();
        assert!((0..5).all(|second| breaker.allow(start + Duration::from_secs(second))));
        assert!(!breaker.allow(start + Duration::from_secs(5)));
    }

    #[test]
    fn restarts_that_are_far_apart_go_on_for_ever() {
        let mut breaker = Breaker::new(5, Duration::from_secs(10));
        let start = Instant::now();
        assert!((0..100).all(|n| breaker.allow(start + Duration::from_secs(3 * n))));
    }
}
