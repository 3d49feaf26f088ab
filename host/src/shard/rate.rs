//! How many frames a client may send.
//!
//! Each message, each ping and each small fragment counts, for none of them needs much payload. A message may have any number of empty
//! fragments. Larger fragments need not count: the size of a message bounds their number. Pongs that our pings explain are free.

use std::time::{Duration, Instant};

/// A token bucket: at most N frames per window, and a full refill within a window. It is kept as the time at which it will
/// be full.
#[derive(Debug)]
pub struct Rate {
    window: Duration,
    interval: Duration,
    full_at: Instant,
    /// The time for which the client was not read. Its messages arrive together afterwards, so this time is
    /// credited.
    excused: Duration,
    held_since: Option<Instant>,
    /// The time at which the next pong is free.
    pong_at: Instant,
}

impl Rate {
    /// A bucket of this many frames per window. All of them may come at once.
    pub fn new((messages, window): (usize, Duration), now: Instant) -> Self {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX).max(1);
        Self { window, interval: window / messages, full_at: now, excused: Duration::ZERO, held_since: None, pong_at: now }
    }

    /// A frame has come. Returns false if it exceeds the rate.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.allows_all(1, now)
    }

    /// A pong has come, of which one within this time may answer a ping of ours. Returns false if it exceeds the rate.
    pub fn allows_pong(&mut self, pings: Duration, now: Instant) -> bool {
        if now < self.pong_at {
            return self.allows(now);
        }
        self.pong_at = now + pings;
        true
    }

    /// This number of frames has come. Returns false if they exceed the rate.
    pub fn allows_all(&mut self, frames: u32, now: Instant) -> bool {
        let earliest = now.checked_sub(self.excused).unwrap_or(now);
        let full_at = self.full_at.max(earliest) + self.interval.saturating_mul(frames);
        if full_at > now + self.window {
            return false;
        }
        if full_at > now {
            self.excused = Duration::ZERO;
        }
        self.full_at = full_at;
        true
    }

    /// The client is not read for now, because its room's mailbox is full.
    pub fn hold(&mut self, now: Instant) {
        self.held_since.get_or_insert(now);
    }

    /// The client is read again, if it was held.
    pub fn release(&mut self, now: impl FnOnce() -> Instant) {
        if let Some(since) = self.held_since.take() {
            self.excused += now().saturating_duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of messages in a row that are allowed at a time.
    fn allowed(rate: &mut Rate, now: Instant) -> usize {
        (0..1000).take_while(|_| rate.allows(now)).count()
    }

    #[test]
    fn a_burst_is_as_large_as_the_rate_and_the_bucket_fills_up_again_in_its_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rate = Rate::new((100, Duration::from_secs(1)), start);
        assert_eq!(allowed(&mut rate, at(0)), 100);
        assert_eq!(allowed(&mut rate, at(9)), 0);
        assert_eq!(allowed(&mut rate, at(10)), 1);
        assert_eq!(allowed(&mut rate, at(510)), 50);
        assert_eq!(allowed(&mut rate, at(60_000)), 100, "it does not grow further");
    }

    #[test]
    fn a_client_that_keeps_to_the_rate_goes_on_for_ever() {
        let start = Instant::now();
        let mut rate = Rate::new((3, Duration::from_secs(1)), start);
        assert!((0..1000).all(|n| rate.allows(start + Duration::from_millis(n * 334))));
    }

    #[test]
    fn messages_that_gather_while_the_client_is_not_read_are_allowed_once() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rate = Rate::new((100, Duration::from_secs(1)), start);
        rate.hold(at(1000));
        rate.hold(at(2000));
        rate.release(|| at(6000));
        rate.release(|| at(7000));
        assert_eq!(allowed(&mut rate, at(6000)), 600, "its five seconds, and a burst");
        assert_eq!(allowed(&mut rate, at(60_000)), 100);
    }

    #[test]
    fn frames_that_come_together_count_each() {
        let now = Instant::now();
        let mut rate = Rate::new((100, Duration::from_secs(1)), now);
        assert!(rate.allows_all(60, now) && !rate.allows_all(41, now) && rate.allows_all(40, now));
        assert!(!rate.allows_all(u32::MAX, now) && rate.allows_all(0, now));
    }

    #[test]
    fn pongs_that_no_ping_explains_count() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rate = Rate::new((2, Duration::from_secs(3600)), start);
        let pings = Duration::from_secs(10);
        assert!((0..20).all(|n| rate.allows_pong(pings, at(10 * n))), "answers are free");
        assert_eq!([191, 192, 193].map(|second| rate.allows_pong(pings, at(second))), [true, true, false]);
    }

    #[test]
    fn odd_limits_are_no_trouble() {
        let now = Instant::now();
        assert_eq!(allowed(&mut Rate::new((0, Duration::from_secs(1)), now), now), 1);
        assert_eq!(allowed(&mut Rate::new((7, Duration::ZERO), now), now), 1000);
    }
}
