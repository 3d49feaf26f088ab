//! How often an app may fail before it is held back, and for how long.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Counts restarts in a window that moves along. After too many its circuit is open for one window; then one start is a trial, which
/// closes it or opens it again.
#[derive(Debug)]
pub struct Breaker {
    max: usize,
    window: Duration,
    restarts: VecDeque<Instant>,
    /// Until when the circuit is open. It is kept until a start succeeds.
    open_until: Option<Instant>,
}

impl Breaker {
    /// Allows `max` restarts within any `window`.
    pub fn new(max: usize, window: Duration) -> Self {
        Self { max, window, restarts: VecDeque::new(), open_until: None }
    }

    /// Asks for a restart at this time. False means that there were too many, or that the trial has failed.
    pub fn allow(&mut self, now: Instant) -> bool {
        while self.restarts.front().is_some_and(|first| now.saturating_duration_since(*first) >= self.window) {
            self.restarts.pop_front();
        }
        if self.open_until.is_some() || self.restarts.len() >= self.max {
            self.restarts.clear();
            return false;
        }
        self.restarts.push_back(now);
        true
    }

    /// Opens the circuit for one window.
    pub fn open(&mut self, now: Instant) {
        self.open_until = Some(now + self.window);
    }

    /// Makes the next start a trial.
    pub fn put_on_trial(&mut self, now: Instant) {
        self.open_until = Some(now);
    }

    /// A start has succeeded. Returns whether that closes the circuit.
    pub fn close(&mut self) -> bool {
        self.open_until.take().is_some()
    }

    /// Until when the circuit is open. When that has passed, the next start is a trial.
    pub fn open_until(&self) -> Option<Instant> {
        self.open_until
    }

    /// Whether the circuit is open.
    pub fn is_open(&self, now: Instant) -> bool {
        self.open_until.is_some_and(|until| now < until)
    }

    /// Whether it remembers something at this time.
    pub fn remembers_at(&self, now: Instant) -> bool {
        self.forgets_at().is_some_and(|at| now < at)
    }

    /// When it has nothing to remember any more: neither a restart that counts nor a trial to come.
    pub fn forgets_at(&self) -> Option<Instant> {
        self.restarts.back().copied().max(self.open_until).map(|last| last + self.window)
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
    fn after_the_cool_down_one_start_is_a_trial() {
        let (window, start) = (Duration::from_secs(10), Instant::now());
        let mut breaker = Breaker::new(5, window);
        breaker.open(start);
        assert!(breaker.is_open(start) && !breaker.is_open(start + window));
        assert!(!breaker.allow(start + window), "the trial has failed");
        assert!(breaker.close());
        assert!(breaker.allow(start + window), "the circuit is closed");
    }

    #[test]
    fn a_breaker_remembers_restarts_for_a_window_and_an_open_circuit_for_another() {
        let (window, start) = (Duration::from_secs(10), Instant::now());
        let mut breaker = Breaker::new(5, window);
        assert_eq!(breaker.forgets_at(), None);
        breaker.allow(start);
        assert_eq!(breaker.forgets_at(), Some(start + window));
        breaker.open(start);
        assert_eq!(breaker.forgets_at(), Some(start + 2 * window));
    }

    #[test]
    fn restarts_that_are_far_apart_go_on_for_ever() {
        let mut breaker = Breaker::new(5, Duration::from_secs(10));
        let start = Instant::now();
        assert!((0..100).all(|n| breaker.allow(start + Duration::from_secs(3 * n))));
    }
}
