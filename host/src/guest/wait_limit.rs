//! How long a call may wait, for a clock for example. `tick_count` counts the time that it computes.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::tick_count::TickCount;
use crate::countdown::Countdown;

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
        let mut wait: Option<Countdown> = None;
        poll_fn(|cx| {
            if let Poll::Ready(result) = call.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            self.tick_count.note_suspended();
            if self.tick_count.take_yielded() {
                left = wait.take().map_or(left, |wait| wait.left());
                return Poll::Pending;
            }
            self.tick_count.begin();
            let wait = wait.get_or_insert_with(|| Countdown::new(self.limit, left));
            wait.poll_over(cx).map(|()| Err(wasmtime::Error::new(Overdue(self.limit))))
        })
        .await
    }
}
