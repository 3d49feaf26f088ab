//! A log line that strangers can bring about as often as they like.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two of the same line.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one line through within ten seconds, and counts the others.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    /// Whether the line may be said now; with how often it was left out since it was said last.
    pub fn may_say(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now < last + INTERVAL) {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_at_once_and_then_once_within_ten_seconds_with_how_many_were_left_out() {
        let (seldom, now) = (Seldom::default(), Instant::now());
        assert_eq!(seldom.may_say(now), Some(0));
        for millis in [0, 1, 9_999] {
            assert_eq!(seldom.may_say(now + Duration::from_millis(millis)), None);
        }
        assert_eq!(seldom.may_say(now + INTERVAL), Some(3));
        assert_eq!(seldom.may_say(now + INTERVAL * 2), Some(0));
    }
}
