//! The time that a connection has until its upgrade. The caller passes the time in.

use std::time::{Duration, Instant};

/// The share of the time that is kept for an answer: it is written before the end, while the client still listens.
const FOR_THE_ANSWER: u32 = 10;

/// The deadline of a connection's current request. A connection that is kept gets its time anew with each answer and with each
/// further request; once the first time is over, the next answer is the last. So nobody holds a permit for more than three times the
/// time without a client.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    timeout: Duration,
    begun: Instant,
    /// When the current request could begin.
    since: Instant,
}

impl Deadline {
    /// The time of a connection that was accepted at `begun`.
    pub fn new(begun: Instant, timeout: Duration) -> Self {
        Self { timeout, begun, since: begun }
    }

    /// When the request must be complete and decided about. Later, it is refused.
    pub fn decision(&self) -> Instant {
        self.end() - self.timeout / FOR_THE_ANSWER
    }

    /// When the connection ends, with or without an answer.
    pub fn end(&self) -> Instant {
        self.since + self.timeout
    }

    /// A request has come. On a kept connection its time begins now: it may have been idle.
    pub fn asked(&mut self, now: Instant) {
        if self.since != self.begun {
            self.since = now;
        }
    }

    /// A request has been answered. Returns whether the connection may be kept for another one.
    pub fn answered(&mut self, now: Instant) -> bool {
        self.since = now;
        now < self.begun + self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn a_tenth_of_the_time_is_kept_for_the_answer() {
        let begun = Instant::now();
        let deadline = Deadline::new(begun, TIMEOUT);
        assert_eq!(deadline.decision(), begun + Duration::from_secs(9));
        assert_eq!(deadline.end(), begun + TIMEOUT);
    }

    #[test]
    fn a_kept_connection_gets_its_time_anew_until_its_first_time_is_over() {
        let begun = Instant::now();
        let mut deadline = Deadline::new(begun, TIMEOUT);
        let first = begun + Duration::from_secs(9);
        assert!(deadline.answered(first));
        assert_eq!((deadline.decision(), deadline.end()), (first + Duration::from_secs(9), first + TIMEOUT));
        let second = first + Duration::from_millis(9500);
        deadline.asked(second);
        assert_eq!(deadline.decision(), second + Duration::from_secs(9), "a late request has all of its time");
        assert!(!deadline.answered(begun + TIMEOUT), "this answer is the last");
    }

    #[test]
    fn the_first_request_has_the_time_since_the_connection() {
        let begun = Instant::now();
        let mut deadline = Deadline::new(begun, TIMEOUT);
        deadline.asked(begun + Duration::from_secs(5));
        assert_eq!(deadline.end(), begun + TIMEOUT);
    }
}
