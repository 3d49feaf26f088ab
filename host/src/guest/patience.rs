//! How long a call may wait: on a clock, say. Running time is counted in ticks, see `state.rs`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// Set by a tick that suspends a call which computes, so that this does not pass for waiting: how long it takes until
/// such a call goes on is up to the shard's other rooms. A clone costs a reference count.
#[derive(Debug, Clone, Default)]
pub(super) struct Computing(Arc<AtomicBool>);

impl Computing {
    pub(super) fn note(&self) {
        self.0.store(true, Relaxed);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Relaxed)
    }
}

/// A call has waited for too long.
#[derive(Debug, thiserror::Error)]
#[error("waited for longer than the {0:?} that a call may wait (call wait)")]
pub(super) struct Overdue(Duration);

/// How long each call of an instance may wait in all.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    computing: Computing,
}

impl Patience {
    /// `computing` is what the instance's ticks set.
    pub(super) fn new(limit: Duration, computing: Computing) -> Self {
        Self { limit, computing }
    }

    /// Awaits a call. If it is overdue its future is dropped, which ends the instance: that is lost anyway.
    ///
    /// A call that is never suspended costs neither a clock nor a timer.
    pub(super) async fn with<T>(&self, call: impl Future<Output = wasmtime::Result<T>>) -> wasmtime::Result<T> {
        let mut call = pin!(call);
        let mut left = self.limit;
        let mut wait = None;
        poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending if self.computing.take() => {
                left = wait.take().map_or(left, |wait: Wait| left.saturating_sub(wait.since.elapsed()));
                Poll::Pending
            }
            Poll::Pending => {
                let wait = wait.get_or_insert_with(|| Wait::new(left));
                wait.poll_over(cx).map(|()| Err(wasmtime::Error::new(Overdue(self.limit))))
            }
        })
        .await
    }
}

/// A wait that goes on.
struct Wait {
    since: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Wait {
    fn new(left: Duration) -> Self {
        Self { since: Instant::now(), alarm: Box::pin(tokio::time::sleep(left)) }
    }

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.alarm.as_mut().poll(cx)
    }
}
