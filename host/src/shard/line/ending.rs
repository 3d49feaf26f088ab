//! How a line ends: the actions of its closing handshake.

use std::io;

use super::Line;
use crate::protocol::{self, Action, CloseFrame, Closing, Violation};
use crate::shard::input::What;
use crate::shard::outbox::Outbox;
use crate::shard::resources::Resources;
use crate::types::CloseInfo;

impl Line {
    /// Ends the connection from our side. The close frame goes behind everything that waits; the room is told at once.
    pub fn close(&self, resources: &Resources, info: CloseInfo) {
        let action = self.step(Closing::close);
        self.act(resources, action, info);
    }

    /// Ends the connection because the client broke a rule of the protocol.
    pub fn close_broken(&self, resources: &Resources, violation: Violation) {
        let action = self.step(Closing::violated);
        self.act(resources, action, CloseInfo::violation(violation));
    }

    /// The client's close frame has come: the end from its side, or the answer to ours.
    pub fn close_received(&self, resources: &Resources, frame: Option<CloseFrame>) {
        let action = self.step(Closing::received);
        self.act(resources, action, CloseInfo::client(frame));
    }

    /// The client sends no more: its earlier messages are still answered.
    pub fn half_closed(&self, resources: &Resources) {
        let action = self.step(Closing::half_closed);
        self.act(resources, action, CloseInfo::lost());
    }

    /// Replies to the client's close frame (RFC 6455 §5.5.1), or ends the line of a client that sends no more. The room calls this
    /// when it commits the client's leaving.
    pub fn reply(&self, resources: &Resources, info: CloseInfo) {
        let action = self.step(Closing::reply);
        self.act(resources, action, info);
    }

    /// Ends the connection because the system cannot use its socket any more.
    pub fn lost(&self, resources: &Resources, error: &io::Error) {
        self.note_end(resources, &CloseInfo::lost(), Some(error));
        self.cut(resources, CloseInfo::lost());
    }

    /// Ends the connection without a close frame. The outbox is dropped, and the room is told unless it knows already.
    pub fn cut(&self, resources: &Resources, info: CloseInfo) {
        let action = self.step(Closing::failed);
        let dropped = self.with_outbox(Outbox::clear);
        self.member.sub_waiting(dropped);
        self.wake_reader(resources);
        if action == Action::Lose {
            self.leave(resources, info);
        }
    }

    /// Closes a client for which too much is held, and drops that.
    pub fn evict(&self, resources: &Resources) {
        self.drop_and_close(resources, CloseInfo::holds_too_much());
    }

    /// Drops all that waits, and ends the connection. The close frame comes next, but for the rest of a frame that is written in part. A line
    /// that could not even write that is cut, and so is one that is closing.
    pub(super) fn drop_and_close(&self, resources: &Resources, info: CloseInfo) {
        let dropped = if self.is_open() { self.with_outbox(Outbox::keep_begun) } else { None };
        let Some(dropped) = dropped else { return self.cut(resources, info) };
        self.member.sub_waiting(dropped);
        let action = self.step(Closing::violated);
        self.act(resources, action, info);
        // It forgets what it has read.
        self.wake_reader(resources);
    }

    /// Takes an action of the closing handshake, for which `info` is the reason.
    pub(super) fn act(&self, resources: &Resources, action: Action, info: CloseInfo) {
        match action {
            Action::Close => {
                self.queue_close(resources, &info);
                self.leave(resources, info);
            }
            Action::Reply => self.queue_close(resources, &info),
            // The room replies when it commits this input.
            Action::Leave if self.session().is_some() => {
                self.leave(resources, info.clone());
                // A room whose client is only away does not reply.
                if !self.is_latest() {
                    self.reply(resources, info);
                }
            }
            Action::Leave => self.leave(resources, info),
            Action::Flush => {
                self.keepalive.ask(resources.exact_now());
                if self.waiting() == 0 && !self.blocked.get() {
                    self.flushed(resources);
                }
            }
            _ => {}
        }
    }

    fn queue_close(&self, resources: &Resources, info: &CloseInfo) {
        self.keepalive.ask(resources.exact_now());
        self.queue_control(resources, |out| protocol::write_close(out, info.code, &info.reason));
    }

    fn leave(&self, resources: &Resources, info: CloseInfo) {
        self.note_end(resources, &info, None);
        match self.session() {
            Some(session) => self.leave_session(resources, session, info),
            None => self.deliver(resources, What::Left(self.client(), info)),
        }
    }

    /// Keeps the cause for the log.
    pub fn note_end(&self, resources: &Resources, info: &CloseInfo, error: Option<&io::Error>) {
        if let Some(slot) = self.slot() {
            resources.traffic.note_end(slot, info, error);
        }
    }

    /// The verdict for a full outbox is 1013. A connection that is closing gets no more than its close frame.
    pub(super) fn overflow(&self, resources: &Resources) {
        if self.closing.get().takes_messages() {
            self.close(resources, CloseInfo::reads_too_slowly());
        }
    }
}
