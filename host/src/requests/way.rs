//! An answer on its way from its room to the connection of the client, as a state without I/O.

use std::task::Waker;

use bytes::{Bytes, BytesMut};
use hyper::http::StatusCode;

use super::head::CheckedHead;

/// The most bytes that a connection takes at a time. It takes the next ones when the socket has taken most of these: taken ones count as read.
const PIECE_BYTES: usize = 16 << 10;

/// The beginning of an answer.
#[derive(Debug)]
pub enum Answer {
    /// The body has this many bytes.
    Whole(CheckedHead, usize),
    /// The body comes in pieces.
    Begun(CheckedHead),
    /// The host answers in place of the app.
    Refused(HostAnswer),
    /// The app takes no requests: the other endpoints answer.
    Passed,
}

/// The host's own answer in place of the app's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostAnswer {
    /// The handler has failed, or the app has given the answer up.
    Failed,
    /// The room takes no input.
    Unavailable,
    /// No answer has begun in time.
    Late,
}

impl HostAnswer {
    /// Its status, and a line that says why.
    pub fn reply(self) -> (StatusCode, &'static str) {
        match self {
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "the application failed on this request"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "the application takes no requests for now"),
            Self::Late => (StatusCode::GATEWAY_TIMEOUT, "the application did not answer in time"),
        }
    }
}

/// An event of an answer, for the shard that watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The answer has begun.
    Begun,
    /// A client that had passed the soft limit has read everything.
    Drained,
    /// The connection takes nothing more: all of the answer is taken, or the client has gone.
    Over,
}

/// The state of one answer.
#[derive(Debug)]
pub(super) struct State {
    stage: Stage,
    /// The beginning, until the connection takes it.
    answer: Option<Answer>,
    /// The rest of a whole body.
    whole: Bytes,
    /// The rest of the chunks.
    chunks: BytesMut,
    /// Bytes of chunks that turns hold.
    staged: usize,
    owes_drain: bool,
    /// Whether the shard has heard of the beginning.
    told_begun: bool,
    is_event_stream: bool,
    /// Whether the connection has dropped its end.
    over: bool,
    pub(super) connection: Waker,
    pub(super) watcher: Waker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No answer has begun.
    Waiting,
    /// Chunks may follow.
    Begun,
    /// Nothing follows what waits here.
    Ended,
    /// The rest does not come.
    Cut,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Waiting,
            answer: None,
            whole: Bytes::new(),
            chunks: BytesMut::new(),
            staged: 0,
            owes_drain: false,
            told_begun: false,
            is_event_stream: false,
            over: false,
            connection: Waker::noop().clone(),
            watcher: Waker::noop().clone(),
        }
    }

    /// Whether the client still waits for the answer, or for more of it.
    pub(super) fn is_open(&self) -> bool {
        !self.over && matches!(self.stage, Stage::Waiting | Stage::Begun)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    pub(super) fn is_event_stream(&self) -> bool {
        self.is_event_stream
    }

    /// The bytes that wait to be read, those staged by turns included.
    pub(super) fn waiting(&self) -> usize {
        self.staged + self.held()
    }

    /// The bytes that wait in here.
    pub(super) fn held(&self) -> usize {
        self.whole.len() + self.chunks.len()
    }

    pub(super) fn stage(&mut self, bytes: usize) {
        self.staged += bytes;
    }

    pub(super) fn unstage(&mut self, bytes: usize) {
        self.staged = self.staged.saturating_sub(bytes);
    }

    /// The beginning of an answer, with the body of a whole one. Only the first counts.
    pub(super) fn answer(&mut self, answer: Answer, body: Bytes) {
        if self.stage != Stage::Waiting {
            return;
        }
        self.stage = Stage::Ended;
        if let Answer::Begun(head) = &answer {
            self.stage = Stage::Begun;
            self.is_event_stream = head.is_event_stream();
        }
        (self.answer, self.whole) = (Some(answer), body);
    }

    /// The next chunk, which was staged. With more than `most` bytes waiting, the answer is cut.
    pub(super) fn push(&mut self, chunk: &[u8], over_soft: bool, most: usize) {
        self.unstage(chunk.len());
        if self.stage != Stage::Begun || self.over {
            return;
        }
        if self.chunks.len() + chunk.len() > most {
            return self.cut();
        }
        self.chunks.extend_from_slice(chunk);
        self.owes_drain |= over_soft;
    }

    pub(super) fn end(&mut self) {
        if self.stage == Stage::Begun {
            self.stage = Stage::Ended;
        }
    }

    /// The rest does not come, and what waits is dropped.
    pub(super) fn cut(&mut self) {
        self.stage = Stage::Cut;
        (self.answer, self.whole, self.chunks) = (None, Bytes::new(), BytesMut::new());
    }

    /// The app gives the answer up. Its bytes that wait here go first.
    pub(super) fn abort(&mut self) {
        match self.stage {
            Stage::Waiting => self.answer(Answer::Refused(HostAnswer::Failed), Bytes::new()),
            Stage::Begun => self.stage = Stage::Cut,
            Stage::Ended | Stage::Cut => {}
        }
    }

    /// The room drops its end. An answer that has not ended never will.
    pub(super) fn abandon(&mut self) {
        match self.stage {
            Stage::Waiting => self.answer(Answer::Refused(HostAnswer::Unavailable), Bytes::new()),
            Stage::Begun => self.cut(),
            Stage::Ended | Stage::Cut => {}
        }
    }

    /// Takes the beginning. An error means that it was cut.
    pub(super) fn take_answer(&mut self) -> Option<Result<Answer, Cut>> {
        let answer = self.answer.take().map(Ok);
        answer.or((self.stage == Stage::Cut).then_some(Err(Cut)))
    }

    /// Takes the next piece of the body: `None` if one has yet to come, and `Some(None)` at the end.
    pub(super) fn take_piece(&mut self) -> Option<Option<Result<Bytes, Cut>>> {
        if !self.whole.is_empty() {
            let size = self.whole.len().min(PIECE_BYTES);
            return Some(Some(Ok(self.whole.split_to(size))));
        }
        if !self.chunks.is_empty() {
            let size = self.chunks.len().min(PIECE_BYTES);
            return Some(Some(Ok(self.chunks.split_to(size).freeze())));
        }
        match self.stage {
            Stage::Waiting | Stage::Begun => None,
            Stage::Ended => Some(None),
            Stage::Cut => Some(Some(Err(Cut))),
        }
    }

    /// The connection takes nothing more.
    pub(super) fn close(&mut self) {
        self.over = true;
        (self.answer, self.whole, self.chunks) = (None, Bytes::new(), BytesMut::new());
    }

    /// The next event that the shard has not heard of.
    pub(super) fn next_event(&mut self) -> Option<Event> {
        if self.over {
            return Some(Event::Over);
        }
        if self.stage != Stage::Waiting && !self.told_begun {
            self.told_begun = true;
            return Some(Event::Begun);
        }
        if self.owes_drain && self.stage == Stage::Begun && self.waiting() == 0 {
            self.owes_drain = false;
            return Some(Event::Drained);
        }
        None
    }
}

/// The answer ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer ends before its end")]
pub struct Cut;
