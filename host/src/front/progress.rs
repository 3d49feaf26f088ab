//! How far the requests of one connection are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::deadline::Deadline;
use super::join::Upgrade;

/// The progress of a connection: shared by the one that serves it and the one that answers the current request.
#[derive(Debug)]
pub struct Progress(Mutex<State>);

#[derive(Debug)]
struct State {
    deadline: Deadline,
    /// Whether a request has come whole.
    asked: bool,
    upgrade: Option<Upgrade>,
    hold: Option<Hold>,
}

/// The connection has no deadline of its own: a request for a room has others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// The body of the request comes.
    Reads,
    /// The answer comes. The client may hang up meanwhile.
    Waits,
    /// The answer has no end of its own: its client ends it.
    Streams,
}

/// A hold on a connection, for one request. When it is dropped, the deadline of a connection counts anew.
#[derive(Debug)]
pub struct Held(Arc<Progress>);

impl Progress {
    /// A connection with this deadline.
    pub fn new(deadline: Deadline) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { deadline, asked: false, upgrade: None, hold: None })))
    }

    /// A request has come. Returns when it must be decided about.
    pub fn ask(&self, now: Instant) -> Instant {
        let mut state = self.lock();
        state.asked = true;
        state.deadline.asked(now);
        state.deadline.decision()
    }

    /// A request is answered. Returns whether the connection may be kept for another one.
    pub fn answer(&self, now: Instant, upgrade: Option<Upgrade>) -> bool {
        let mut state = self.lock();
        state.upgrade = upgrade;
        state.deadline.answered(now)
    }

    /// When the connection ends, as far as it is now. `None` while it is held.
    pub fn end(&self) -> Option<Instant> {
        let State { deadline, asked, hold, .. } = &*self.lock();
        hold.is_none().then(|| if *asked { deadline.end() } else { deadline.decision() })
    }

    /// Whether an answer of a room comes, whose client may hang up.
    pub fn waits(&self) -> bool {
        matches!(self.lock().hold, Some(Hold::Waits | Hold::Streams))
    }

    /// Whether the answer has no end of its own.
    pub fn streams(&self) -> bool {
        self.lock().hold == Some(Hold::Streams)
    }

    /// Holds the connection while the body of a request comes, and its answer.
    pub fn hold(self: &Arc<Self>) -> Held {
        self.lock().hold = Some(Hold::Reads);
        Held(Arc::clone(self))
    }

    /// Whether a request has come, the upgrade that follows, and the deadline.
    pub fn finish(&self) -> (bool, Option<Upgrade>, Deadline) {
        let mut state = self.lock();
        (state.asked, state.upgrade.take(), state.deadline)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The body of the request has come.
    pub fn wait(&self) {
        self.0.lock().hold = Some(Hold::Waits);
    }

    /// An answer has begun that has no end of its own.
    pub fn stream(&self) {
        self.0.lock().hold = Some(Hold::Streams);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.hold = None;
        state.deadline.answered(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn a_held_connection_has_no_end_until_its_answer_is_complete() {
        let begun = Instant::now();
        let progress = Progress::new(Deadline::new(begun, TIMEOUT));
        progress.ask(begun);
        assert_eq!(progress.end(), Some(begun + TIMEOUT));
        let held = progress.hold();
        assert_eq!((progress.end(), progress.waits()), (None, false));
        held.wait();
        assert_eq!((progress.end(), progress.waits(), progress.streams()), (None, true, false));
        held.stream();
        assert_eq!((progress.end(), progress.waits(), progress.streams()), (None, true, true));
        assert!(progress.answer(begun, None), "the head goes out while the body is to come");
        assert_eq!(progress.end(), None);
        let before = Instant::now();
        drop(held);
        assert!(progress.end().is_some_and(|end| end >= before + TIMEOUT) && !progress.waits());
    }
}
