//! An app's answers to plain HTTP requests: the contract's `replies` interface.

use bytes::Bytes;

use super::asked::Asked;
use super::effect::{Effect, Reply, ReplyPart};
use super::undo::Undo;
use super::{Room, SendStatus, State};
use crate::requests::{Answering, CheckedHead, Head, RespondError};

impl State {
    /// The request of this id, in whose answer a part of this kind comes next.
    fn asked(&self, id: u64, has_begun: bool) -> Result<&Asked, RespondError> {
        let asked = self.asked.get(id).ok_or(RespondError::NoSuchRequest)?;
        if asked.has_begun == has_begun { Ok(asked) } else { Err(RespondError::WrongOrder) }
    }

    fn checked(&self, head: &Head, body_bytes: usize) -> Result<CheckedHead, RespondError> {
        let head = head.check().map_err(RespondError::Invalid)?;
        self.check_staging(head.bytes() + body_bytes)?;
        Ok(head)
    }

    fn check_staging(&self, bytes: usize) -> Result<(), RespondError> {
        if self.turn.has_room_for(bytes) && self.turn.may_change() { Ok(()) } else { Err(RespondError::Limit) }
    }

    fn push_reply(&mut self, way: Answering, part: ReplyPart) {
        self.turn.push(Effect::Respond(Box::new(Reply { way, part })));
    }

    /// Stages the part that completes an answer.
    fn complete(&mut self, id: u64, part: ReplyPart) {
        if let Some(asked) = self.asked.remove(id) {
            let way = asked.way.clone();
            self.turn.undo_log.push(Undo::Responded(id, asked));
            self.push_reply(way, part);
        }
    }
}

impl Room {
    /// Answers a plain HTTP request whole, when the handler has returned: in the handler that gets it or in a later one.
    ///
    /// # Errors
    /// Nothing is sent then. `NoSuchRequest`: the request is answered, or its client has gone. `WrongOrder`: its answer has begun.
    /// `Invalid`: the text says why. `TooBig`, `Limit`: the limit on a body (`Limits::max_response_bytes`), or on a handler.
    pub fn respond(&mut self, id: u64, head: &Head, body: impl Into<Bytes>) -> Result<(), RespondError> {
        let body = body.into();
        let state = self.state_mut();
        state.asked(id, false)?;
        if body.len() > state.limits.max_response_bytes {
            return Err(RespondError::TooBig);
        }
        let head = state.checked(head, body.len())?;
        state.complete(id, ReplyPart::Whole(head, body));
        Ok(())
    }

    /// Begins an answer whose body follows in chunks. The head goes out with this turn.
    ///
    /// # Errors
    /// As `respond`.
    pub fn respond_begin(&mut self, id: u64, head: &Head) -> Result<(), RespondError> {
        let state = self.state_mut();
        let way = state.asked(id, false)?.way.clone();
        let head = state.checked(head, 0)?;
        state.asked.set_begun(id, true);
        state.turn.undo_log.push(Undo::RespondBegun(id));
        state.push_reply(way, ReplyPart::Begin(head));
        Ok(())
    }

    /// Sends the next bytes of a body. An empty chunk changes nothing. A client that lets more than the hard limit of an outbox wait is
    /// cut, and `on_request_gone` follows.
    ///
    /// # Errors
    /// `NoSuchRequest`, `Limit`: as for `respond`. `WrongOrder`: the answer has not begun. `TooBig`: the chunk is larger than a message may be.
    pub fn respond_chunk(&mut self, id: u64, chunk: impl Into<Bytes>) -> Result<SendStatus, RespondError> {
        let chunk = chunk.into();
        let state = self.state_mut();
        let way = state.asked(id, true)?.way.clone();
        if chunk.len() > state.limits.max_message_bytes {
            return Err(RespondError::TooBig);
        }
        state.check_staging(chunk.len())?;
        let is_over_soft = way.waiting() + chunk.len() > state.limits.outbox_soft_bytes;
        if !chunk.is_empty() {
            way.stage(chunk.len());
            state.push_reply(way, ReplyPart::Chunk(chunk, is_over_soft));
        }
        Ok(if is_over_soft { SendStatus::Backpressure } else { SendStatus::Queued })
    }

    /// Ends an answer that has begun.
    ///
    /// # Errors
    /// `NoSuchRequest`, `Limit`: as for `respond`. `WrongOrder`: the answer has not begun.
    pub fn respond_end(&mut self, id: u64) -> Result<(), RespondError> {
        let state = self.state_mut();
        state.asked(id, true)?;
        state.check_staging(0)?;
        state.complete(id, ReplyPart::End);
        Ok(())
    }

    /// Gives an answer up: one that has begun is cut, and in place of one that has not, the host answers 500. No `on_request_gone` follows.
    /// Does nothing if the request is answered, its client has gone, or it never existed.
    pub fn abort_response(&mut self, id: u64) {
        self.state_mut().complete(id, ReplyPart::Abort);
    }

    /// The requests whose answer is not complete, in the order in which they came, each with whether its answer has begun.
    #[must_use]
    pub fn open_requests(&self) -> Vec<(u64, bool)> {
        self.state().asked.listed()
    }

    /// The largest body of an answer and the largest chunk, in bytes.
    pub(crate) fn response_limits(&self) -> (usize, usize) {
        let limits = &self.state().limits;
        (limits.max_response_bytes, limits.max_message_bytes)
    }

    /// A plain HTTP request has come, before its handler runs.
    pub(crate) fn add_request(&mut self, id: u64, way: Answering) {
        self.state_mut().asked.add(id, way);
    }

    /// Whether the answer to this request is not complete.
    pub(crate) fn has_request(&self, id: u64) -> bool {
        self.state().asked.has(id)
    }

    /// A request ends without the end of its answer. Returns where the answer would have gone, unless it is complete.
    pub(crate) fn end_request(&mut self, id: u64) -> Option<Answering> {
        self.state_mut().asked.remove(id).map(|asked| asked.way)
    }

    /// Whether a plain HTTP request has no complete answer yet.
    pub(crate) fn has_requests(&self) -> bool {
        !self.state().asked.is_empty()
    }
}
