//! A limit on log lines that strangers can cause as often as they like.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two of these lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one line through every ten seconds, and counts the others.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

impl LogThrottle {
    /// Lets the line through, or not. `Some` has the number of lines suppressed since the last one.
    pub fn allows(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now < last + INTERVAL) {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_ten_seconds_passes_with_the_number_of_suppressed_ones() {
        let (throttle, now) = (LogThrottle::default(), Instant::now());
        assert_eq!(throttle.allows(now), Some(0));
        for millis in [0, 1, 9_999] {
            assert_eq!(throttle.allows(now + Duration::from_millis(millis)), None);
        }
        assert_eq!(throttle.allows(now + INTERVAL), Some(3));
        assert_eq!(throttle.allows(now + INTERVAL * 2), Some(0));
    }
}
