//! How long a call may wait, for a clock for example. `tick_count` counts the time that it computes.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use super::tick_count::TickCount;

/// A call has waited for too long.
#[derive(Debug, thiserror::Error)]
#[error("waited for longer than the {0:?} that a call may wait (call wait)")]
pub(super) struct Overdue(Duration);

/// How long each call of an instance may wait in all.
#[derive(Debug)]
pub(super) struct WaitLimit {
    pub(super) limit: Duration,
    /// The tick count of the instance.
    pub(super) tick_count: TickCount,
}

impl WaitLimit {
    /// Awaits a call. Past the limit it drops the call's future. That ends the instance, which is lost then in any case.
    ///
    /// A call that is never suspended costs neither a clock nor a timer.
    pub(super) async fn with<T>(&self, mut call: Pin<&mut impl Future<Output = wasmtime::Result<T>>>) -> wasmtime::Result<T> {
        let mut left = self.limit;
        let mut wait: Option<Wait> = None;
        poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending if self.tick_count.take_yielded() => {
                left = wait.take().map_or(left, |wait| wait.account.left_at(Instant::now()));
                Poll::Pending
            }
            Poll::Pending => {
                self.tick_count.begin();
                let wait = wait.get_or_insert_with(|| Wait::new(Account::new(self.limit, left, Instant::now())));
                wait.poll_over(cx).map(|()| Err(wasmtime::Error::new(Overdue(self.limit))))
            }
        })
        .await
    }
}

/// A wait that goes on.
struct Wait {
    account: Account,
    /// Ends a step.
    alarm: Pin<Box<Sleep>>,
}

impl Wait {
    fn new(account: Account) -> Self {
        Self { alarm: Box::pin(tokio::time::sleep_until(account.step_ends().into())), account }
    }

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            if !self.account.end_step(Instant::now()) {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(self.account.step_ends().into());
        }
    }
}

/// The time that a call may still wait. It is counted in steps, and a step counts at most twice: if it takes longer, the machine or the
/// process stood still, and so did the call.
#[derive(Debug)]
struct Account {
    left: Duration,
    /// The length of a step.
    step: Duration,
    since: Instant,
}

/// The number of steps to the limit, if none is longer than `LONGEST_STEP`.
const STEPS: u32 = 16;
const LONGEST_STEP: Duration = Duration::from_secs(1);
/// The grain of tokio's timers.
const SHORTEST_STEP: Duration = Duration::from_millis(1);

impl Account {
    /// An account of a call that may wait for `left` of its limit, and begins to wait now.
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

    /// The time that is left if the call waits no more.
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
    fn a_call_may_wait_up_to_its_limit() {
        let start = Instant::now();
        let mut account = Account::new(LIMIT, LIMIT, start);
        let mut steps = 1;
        while account.end_step(account.step_ends()) {
            steps += 1;
        }
        assert_eq!((steps, account.since), (30, start + LIMIT));
    }

    #[test]
    fn a_machine_that_stands_still_takes_two_steps_from_a_call() {
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
    fn the_waits_of_one_call_count_together() {
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
