//! A limit on log lines that others can cause as often as they like.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time in which the lines are counted.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets a number of lines through in ten seconds, and counts the others. At its end it logs the number that no line has told.
#[derive(Debug)]
pub struct LogThrottle {
    about: &'static str,
    lines: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the first line of this interval passed.
    begun: Option<Instant>,
    passed: u32,
    left_out: u64,
}

/// How many lines were left out before the one that passes. It is displayed as an addition to that line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut(u64);

impl LogThrottle {
    /// One line in ten seconds about these things.
    pub fn one(about: &'static str) -> Self {
        Self::new(1, about)
    }

    /// This many lines in ten seconds about these things.
    pub fn new(lines: u32, about: &'static str) -> Self {
        Self { about, lines, state: Mutex::default() }
    }

    /// Lets the line through, or not. A line that passes ends with the number of those that were left out since the last one.
    pub fn allows(&self, now: Instant) -> Option<LeftOut> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= INTERVAL) {
            (state.begun, state.passed) = (Some(now), 0);
        }
        if state.passed >= self.lines {
            state.left_out += 1;
            return None;
        }
        state.passed += 1;
        Some(LeftOut(std::mem::take(&mut state.left_out)))
    }
}

impl Drop for LogThrottle {
    fn drop(&mut self) {
        let left_out = self.state.get_mut().unwrap_or_else(PoisonError::into_inner).left_out;
        if left_out > 0 {
            tracing::warn!("left out of the log: {left_out} lines about {}", self.about);
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " ({} more like this were left out)", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_ten_seconds_passes_with_the_number_of_those_left_out() {
        let (throttle, now) = (LogThrottle::one("strangers"), Instant::now());
        assert_eq!(throttle.allows(now), Some(LeftOut(0)));
        for millis in [0, 1, 9_999] {
            assert_eq!(throttle.allows(now + Duration::from_millis(millis)), None);
        }
        assert_eq!(throttle.allows(now + INTERVAL), Some(LeftOut(3)));
        assert_eq!(throttle.allows(now + INTERVAL * 2), Some(LeftOut(0)));
    }

    #[test]
    fn several_lines_pass_in_ten_seconds_where_each_tells_something_of_its_own() {
        let (throttle, now) = (LogThrottle::new(2, "strangers"), Instant::now());
        let passed = (0..100).filter(|_| throttle.allows(now).is_some()).count();
        assert_eq!(passed, 2);
        assert_eq!([LeftOut(98), LeftOut(0)].map(Some), [throttle.allows(now + INTERVAL), throttle.allows(now + INTERVAL)]);
        assert_eq!(throttle.allows(now + INTERVAL), None);
    }

    #[test]
    fn the_number_of_lines_left_out_is_an_addition_to_the_next_one() {
        assert_eq!(format!("refused{}", LeftOut(0)), "refused");
        assert_eq!(format!("refused{}", LeftOut(12)), "refused (12 more like this were left out)");
    }
}
