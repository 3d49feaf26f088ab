//! How a client is reached: over its line, or later if it is away.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::cached_frame::CachedFrame;
use super::input::{Input, What};
use super::line::Line;
use super::resume::KeptSession;
use super::room_task::RoomTask;
use super::table::Shard;
use crate::protocol::resume::Fresh;
use crate::room::{LineId, Member};
use crate::types::{ClientId, CloseCause, CloseInfo};

/// The way to a client.
pub enum Reach {
    /// Its line.
    Line(Rc<Line>),
    /// It is away, and its session waits for its next line.
    Away(Rc<KeptSession>),
}

impl Reach {
    /// The client.
    pub fn member(&self) -> &Arc<Member> {
        match self {
            Self::Line(line) => line.member(),
            Self::Away(session) => session.member(),
        }
    }

    /// The room that it is in.
    pub fn room(&self) -> &RoomTask {
        match self {
            Self::Line(line) => line.room(),
            Self::Away(session) => session.room(),
        }
    }

    /// Whether messages go both ways, now or later.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Line(line) => line.is_open(),
            Self::Away(_) => true,
        }
    }
}

impl Shard {
    /// The way to a client that had this line. By now it may have another one, or none.
    pub fn reach(&self, client: ClientId, line: LineId) -> Option<Reach> {
        match self.line(client, line) {
            Some(line) => Some(Reach::Line(line)),
            None => self.reach_session(client),
        }
    }

    /// The way to a client that has a session.
    pub fn reach_session(&self, client: ClientId) -> Option<Reach> {
        let session = self.resources().sessions.get(client)?;
        let line = session.member().line().and_then(|line| self.line(client, line));
        Some(line.map_or(Reach::Away(session), Reach::Line))
    }

    /// Sends a message to a client. With `over_soft` it takes the client over its soft limit.
    pub fn send(&self, reach: &Reach, over_soft: bool, frame: &mut CachedFrame<'_>) {
        let resources = self.resources();
        match reach {
            Reach::Line(line) => {
                if over_soft {
                    line.owe_drain(resources);
                }
                line.queue(resources, frame);
            }
            Reach::Away(session) => {
                if over_soft {
                    session.member().owe_drain();
                    resources.counts.over_soft.count();
                }
                resources.hold(frame.len());
                if !resources.sessions.keep(session, frame.wrapped(), frame.len()) {
                    self.end_session(session, CloseInfo::lost(), Some(Fresh::TooMuch));
                }
                if resources.sessions.may_be_over() {
                    resources.wakes.look();
                }
            }
        }
    }

    /// Closes a client that had this line.
    pub fn close(&self, client: ClientId, line: LineId, info: CloseInfo) {
        match self.reach(client, line) {
            Some(Reach::Line(line)) => line.close(self.resources(), info),
            Some(Reach::Away(session)) => {
                let reason = (info.cause == CloseCause::Trap).then_some(Fresh::Failed);
                self.end_session(&session, info, reason);
            }
            None => {}
        }
    }

    /// Ends a session: its client has gone for good. A line that it still has is dropped.
    pub fn end_session(&self, session: &KeptSession, info: CloseInfo, reason: Option<Fresh>) {
        let member = session.member();
        let client = member.client.id;
        let line = member.line().and_then(|line| self.line(client, line));
        if !self.resources().sessions.end(session, reason) {
            return;
        }
        member.set_closing();
        if let Some(line) = line {
            line.give_way(self.resources());
        }
        self.forget_client(client, session.room());
        session.room().deliver(Input { at: self.time(), what: What::Left(client, info) });
    }

    /// Ends the sessions that have waited for too long.
    pub(super) fn sweep_sessions(&self, held_up: Duration) {
        let sessions = &self.resources().sessions;
        if !held_up.is_zero() {
            sessions.excuse(held_up);
        }
        for session in sessions.overdue(self.resources().now()) {
            self.end_session(&session, CloseInfo::lost(), Some(Fresh::Expired));
        }
    }

    /// Ends sessions until no more is kept for clients that are away than may be.
    pub(super) fn end_excess(&self) {
        while let Some(session) = self.resources().sessions.next_excess() {
            self.end_session(&session, CloseInfo::lost(), None);
        }
    }

    /// The server shuts down: no session waits any more.
    pub(super) fn stop_sessions(&self, close: &CloseInfo) {
        for session in self.resources().sessions.stop(close.clone()) {
            self.end_session(&session, CloseInfo::shutdown(), None);
        }
    }
}
