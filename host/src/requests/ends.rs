//! The ends of the way of an answer: a room's, the shard's that watches it, and the connection's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::head::CheckedHead;
use super::way::{Answer, Cut, Event, HostAnswer, State};

/// The room's end. A clone is the same end; when the last one is dropped, an answer that has not ended is refused or cut.
///
/// The ends are on two threads. The lock is taken for each part of an answer, by nobody for long.
#[derive(Debug, Clone)]
pub struct Answering(Arc<RoomEnd>);

#[derive(Debug)]
struct RoomEnd(Shared);

/// The end of the shard that the room is on.
#[derive(Debug, Clone)]
pub struct Watch(Shared);

/// The connection's end. When it is dropped, the client has all of the answer or has gone.
#[derive(Debug)]
pub struct Receiver(Shared);

#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<State>>);

/// The way of one answer.
pub fn way() -> (Answering, Receiver) {
    let shared = Shared(Arc::new(Mutex::new(State::new())));
    (Answering(Arc::new(RoomEnd(shared.clone()))), Receiver(shared))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes both other ends.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let (connection, watcher) = {
            let mut state = self.lock();
            change(&mut state);
            let take = |waker: &mut Waker| std::mem::replace(waker, Waker::noop().clone());
            (take(&mut state.connection), take(&mut state.watcher))
        };
        connection.wake();
        watcher.wake();
    }
}

impl Answering {
    /// The end that watches this way.
    pub fn watch(&self) -> Watch {
        Watch(self.0.0.clone())
    }

    /// Whether both are ends of one way.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the client still waits for the answer, or for more of it.
    pub fn is_open(&self) -> bool {
        self.0.0.lock().is_open()
    }

    /// The bytes that wait to be read, those staged by turns included.
    pub fn waiting(&self) -> usize {
        self.0.0.lock().waiting()
    }

    /// Counts a chunk that a turn has staged.
    pub fn stage(&self, bytes: usize) {
        self.0.0.lock().stage(bytes);
    }

    /// A turn that had staged a chunk is dropped.
    pub fn unstage(&self, bytes: usize) {
        self.0.0.change(|state| state.unstage(bytes));
    }

    /// Answers whole.
    pub fn respond(&self, head: CheckedHead, body: Bytes) {
        self.0.0.change(|state| state.answer(Answer::Whole(head, body.len()), body));
    }

    /// Begins an answer.
    pub fn begin(&self, head: CheckedHead) {
        self.0.0.change(|state| state.answer(Answer::Begun(head), Bytes::new()));
    }

    /// Sends the next chunk, which was staged. With more than `most` bytes waiting, the answer is cut.
    pub fn push(&self, chunk: &[u8], over_soft: bool, most: usize) {
        self.0.0.change(|state| state.push(chunk, over_soft, most));
    }

    /// Ends an answer that has begun.
    pub fn end(&self) {
        self.0.0.change(State::end);
    }

    /// Gives the answer up: cuts one that has begun, behind what waits of it. In place of another, the host answers.
    pub fn abort(&self) {
        self.0.0.change(State::abort);
    }

    /// Answers in place of the app, unless it has begun to.
    pub fn refuse(&self, verdict: HostAnswer) {
        self.watch().refuse(verdict);
    }

    /// Leaves the request to the other endpoints.
    pub fn pass(&self) {
        self.0.0.change(|state| state.answer(Answer::Passed, Bytes::new()));
    }
}

impl Drop for RoomEnd {
    fn drop(&mut self) {
        self.0.change(State::abandon);
    }
}

impl Watch {
    /// The next event of this answer that the shard has not heard of.
    pub fn poll_event(&self, cx: &Context<'_>) -> Poll<Event> {
        let mut state = self.0.lock();
        match state.next_event() {
            Some(event) => Poll::Ready(event),
            None => {
                state.watcher.clone_from(cx.waker());
                Poll::Pending
            }
        }
    }

    /// Answers in place of the app, unless it has begun to.
    pub fn refuse(&self, verdict: HostAnswer) {
        self.0.change(|state| state.answer(Answer::Refused(verdict), Bytes::new()));
    }

    /// Cuts the answer.
    pub fn cut(&self) {
        self.0.change(State::cut);
    }

    /// Whether nothing follows what was sent: the answer is complete, or the host's.
    pub fn has_ended(&self) -> bool {
        self.0.lock().has_ended()
    }

    /// The bytes that the host holds for the client.
    pub fn held(&self) -> usize {
        self.0.lock().held()
    }

    /// Whether the answer is of server-sent events, which have no end of their own.
    pub fn is_event_stream(&self) -> bool {
        self.0.lock().is_event_stream()
    }
}

impl Receiver {
    /// The beginning of the answer.
    pub fn poll_answer(&self, cx: &Context<'_>) -> Poll<Result<Answer, Cut>> {
        let mut state = self.0.lock();
        match state.take_answer() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.connection.clone_from(cx.waker());
                Poll::Pending
            }
        }
    }

    /// The next piece of the body, or `None` at its end.
    pub fn poll_piece(&self, cx: &Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        let (piece, watcher) = {
            let mut state = self.0.lock();
            match state.take_piece() {
                Some(piece) => (piece, std::mem::replace(&mut state.watcher, Waker::noop().clone())),
                None => {
                    state.connection.clone_from(cx.waker());
                    return Poll::Pending;
                }
            }
        };
        // Less waits now.
        watcher.wake();
        Poll::Ready(piece)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.change(State::close);
    }
}
