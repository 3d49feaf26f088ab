//! A time limit that stands still while the machine does.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// The number of steps to the limit, if none is longer than `LONGEST_STEP`.
const STEPS: u32 = 16;
const LONGEST_STEP: Duration = Duration::from_secs(1);
/// The grain of tokio's timers.
const SHORTEST_STEP: Duration = Duration::from_millis(1);

/// Counts a time down, on a tokio runtime. After a freeze of the machine, the container or the process, all limits are over at once
/// by the clock, although nobody had a chance to keep to them. So time is counted in steps, and a step counts at most twice.
pub(crate) struct Countdown {
    account: Account,
    /// Ends a step.
    alarm: Pin<Box<Sleep>>,
}

impl Countdown {
    /// Counts from `left`, which is what is left of `limit`.
    pub(crate) fn new(limit: Duration, left: Duration) -> Self {
        let account = Account::new(limit, left, Instant::now());
        Self { alarm: Box::pin(tokio::time::sleep_until(account.step_ends().into())), account }
    }

    /// Ready when nothing is left.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            if !self.account.end_step(Instant::now()) {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(self.account.step_ends().into());
        }
    }

    /// Resolves when nothing is left.
    pub(crate) async fn over(mut self) {
        poll_fn(|cx| self.poll_over(cx)).await;
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        self.account.left_at(Instant::now())
    }
}

/// The time that is left, as a function of the clock.
#[derive(Debug)]
struct Account {
    left: Duration,
    /// The length of a step.
    step: Duration,
    since: Instant,
}

impl Account {
    fn new(limit: Duration, left: Duration, now: Instant) -> Self {
        Self { left, step: (limit / STEPS).clamp(SHORTEST_STEP, LONGEST_STEP), since: now }
    }

    /// When the present step ends.
    fn step_ends(&self) -> Instant {
        self.since + self.step.min(self.left)
    }

    /// Ends the present step. False means that nothing is left.
    fn end_step(&mut self, now: Instant) -> bool {
        (self.left, self.since) = (self.left_at(now), now);
        !self.left.is_zero()
    }

    /// The time that is left. An event loop that is late by a step counts whole; one that is later stood still.
    fn left_at(&self, now: Instant) -> Duration {
        self.left.saturating_sub(now.saturating_duration_since(self.since).min(2 * self.step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);
    const FROZEN: Duration = Duration::from_secs(3600);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_countdown_takes_as_long_as_its_limit() {
        let start = Instant::now();
        let mut account = Account::new(LIMIT, LIMIT, start);
        let mut steps = 1;
        while account.end_step(account.step_ends()) {
            steps += 1;
        }
        assert_eq!((steps, account.since), (30, start + LIMIT));
    }

    #[test]
    fn a_machine_that_stands_still_takes_two_steps() {
        let start = Instant::now();
        let mut account = Account::new(LIMIT, LIMIT, start);
        assert!(account.end_step(start + FROZEN));
        assert_eq!(account.left, seconds(28));
        assert_eq!(account.left_at(start + FROZEN + FROZEN), seconds(26));
    }

    #[test]
    fn an_event_loop_that_is_late_counts_whole() {
        let start = Instant::now();
        assert_eq!(Account::new(LIMIT, LIMIT, start).left_at(start + seconds(2)), seconds(28));
    }

    #[test]
    fn the_rest_of_a_limit_is_counted_down() {
        let start = Instant::now();
        let mut last = Account::new(LIMIT, seconds(1) / 2, start);
        assert_eq!(last.step_ends(), start + seconds(1) / 2);
        assert!(!last.end_step(last.step_ends()));
    }

    #[test]
    fn a_short_limit_has_short_steps() {
        let start = Instant::now();
        let account = Account::new(seconds(1), seconds(1), start);
        assert_eq!(account.left_at(start + FROZEN), seconds(7) / 8);
        assert_eq!(Account::new(Duration::ZERO, Duration::ZERO, start).step_ends(), start);
    }
}
