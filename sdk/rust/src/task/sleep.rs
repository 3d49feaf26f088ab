//! Waiting for a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{access, hooks};
use crate::control::{self, TimerId};

thread_local! {
    /// The tasks that sleep, by their timers. No foreign code runs while this is borrowed.
    static SLEEPS: RefCell<BTreeMap<TimerId, Waker>> = const { RefCell::new(BTreeMap::new()) };
}

/// A wait. Made by [`sleep`].
#[derive(Debug)]
#[must_use = "a sleep begins when it is awaited"]
pub struct Sleep(State);

#[derive(Debug, Clone, Copy)]
enum State {
    New(Duration),
    Set(TimerId),
    Over,
}

/// Waits for this time, from the first poll on. Even a wait of no length ends the event: the task goes on in another one.
///
/// ```no_run
/// # use std::time::Duration;
/// # use ws_guest::{broadcast, task::{sleep, spawn}};
/// spawn(async {
///     for count in (1..=3).rev() {
///         broadcast(format!("{count} ...")).ok();
///         sleep(Duration::from_secs(1)).await;
///     }
///     broadcast("go").ok();
/// });
/// ```
///
/// A sleep ends with its instance. A timer that must outlive a swap is one of [`control::set_timer`](crate::control::set_timer). A
/// sleep counts as a timer of the room.
///
/// # Panics
/// When it is awaited, if the room has as many timers as it may have: 10,000 by default.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep(State::New(duration))
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        match self.0 {
            State::New(duration) => {
                let timer = set(duration);
                self.0 = State::Set(timer);
                SLEEPS.with_borrow_mut(|sleeps| sleeps.insert(timer, waker));
                Poll::Pending
            }
            State::Set(timer) => {
                let earlier = SLEEPS.with_borrow_mut(|sleeps| sleeps.get_mut(&timer).map(|kept| mem::replace(kept, waker)));
                if earlier.is_none() {
                    self.0 = State::Over;
                }
                earlier.map_or(Poll::Ready(()), |_| Poll::Pending)
            }
            State::Over => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let State::Set(timer) = self.0 {
            // At the end of the thread the table may be gone.
            let waker = SLEEPS.try_with(|sleeps| sleeps.borrow_mut().remove(&timer));
            if let Ok(Some(_)) = waker {
                control::cancel_timer(timer);
            }
        }
    }
}

/// Wakes the task that has set this timer, if it is still there.
pub(super) fn is_over(timer: TimerId) {
    let waker = SLEEPS.with_borrow_mut(|sleeps| sleeps.remove(&timer));
    waker.into_iter().for_each(Waker::wake);
}

/// Forgets who sleeps.
#[cfg(not(target_family = "wasm"))]
pub(super) fn forget() {
    let _all = SLEEPS.take();
}

fn set(duration: Duration) -> TimerId {
    hooks::TIMER.set(Some(is_over));
    access::require("Timers");
    match control::set_timer(duration, hooks::SLEEP) {
        Ok(timer) => timer,
        Err(error) => panic!("a task cannot sleep, since the host sets no further timer: {error}"),
    }
}
