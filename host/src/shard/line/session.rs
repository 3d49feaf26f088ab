//! A line as one of the lines of a session (`docs/resume.md`).

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::Line;
use crate::close::CloseCause;
use crate::protocol::resume::{Breach, Fresh, FromClient, FromHost};
use crate::protocol::{self, Closing};
use crate::room::LineId;
use crate::shard::cached_frame::CachedFrame;
use crate::shard::input::What;
use crate::shard::resources::Resources;
use crate::shard::resume::KeptSession;
use crate::types::{CloseInfo, Message};

/// The code of a client that gives a line up and comes back with another one.
const GIVEN_UP: u16 = 3003;

impl Line {
    /// The session that it is a line of, if its client has asked for one.
    pub fn session(&self) -> Option<&Rc<KeptSession>> {
        Some(&self.terms.as_ref()?.session()?.kept)
    }

    /// Whether the client has no later line, and its session does not wait for one.
    pub fn is_latest(&self) -> bool {
        self.terms.as_ref().is_none_or(|terms| terms.session().is_none_or(|session| session.kept.is_at(session.slot)))
    }

    /// Whether a message confirms something new. The host causes such messages: they do not count for the rate of its client.
    pub fn is_confirmation(&self, message: &Message) -> bool {
        let number = |message: &Message| message.as_text()?.strip_prefix('r')?.parse().ok();
        self.session().is_some_and(|session| number(message).is_some_and(|number| session.is_news(number)))
    }

    /// The message of the application in one that has come: all of it, unless the line has a session. Messages of the protocol of sessions are
    /// handled here.
    pub fn unwrapped(&self, resources: &Resources, message: Message) -> Option<Message> {
        let Some(session) = self.session() else { return Some(message) };
        if !self.is_open() {
            return None;
        }
        match self.heard(resources, session, message) {
            Ok(message) => message,
            Err(breach) => {
                self.close_breach(resources, breach);
                None
            }
        }
    }

    fn heard(&self, resources: &Resources, session: &KeptSession, message: Message) -> Result<Option<Message>, Breach> {
        let slot = self.slot().unwrap_or(u32::MAX);
        match FromClient::read(message)? {
            FromClient::Message(message) => return Ok(session.received(slot, message.as_bytes().len()).then_some(message)),
            FromClient::Hello(_) => return Err(Breach::Again),
            FromClient::Received(number) => session.confirmed(slot, number)?,
            FromClient::Ping(payload) => {
                self.run_gathered(resources);
                self.tell(resources, &FromHost::Pong(payload));
            }
        }
        Ok(None)
    }

    /// Confirms what has come over this line: when it is due, or at a sweep whatever the client does not know.
    pub(super) fn confirm(&self, resources: &Resources, confirmation: impl FnOnce(&KeptSession) -> Option<u64>) {
        if let Some(session) = self.session()
            && self.is_latest()
            && let Some(number) = confirmation(session)
        {
            self.tell(resources, &FromHost::Received(number));
        }
    }

    /// Confirms messages if as many have come as may be unconfirmed.
    pub fn confirm_if_due(&self, resources: &Resources) {
        self.confirm(resources, KeptSession::due_confirmation);
    }

    /// Queues a message of the protocol.
    pub fn tell(&self, resources: &Resources, message: &FromHost) {
        let message = message.write();
        let text = message.as_text().is_some();
        self.queue_control(resources, |out| protocol::write_message(out, text, message.as_bytes()));
    }

    /// Queues a message that the session has kept.
    pub fn queue_kept(&self, resources: &Resources, frame: &Bytes) {
        let mut cached = CachedFrame::kept(frame);
        let deflation = self.terms.as_ref().and_then(|terms| terms.deflation());
        cached.form_for(deflation, resources, |form| self.put(resources, 0, form));
        self.queued(resources);
    }

    /// The server ends the line because it shuts down: a client with a session is told to come back after this time.
    pub fn close_for(&self, resources: &Resources, info: CloseInfo, wait: Duration) {
        if self.session().is_some() {
            self.tell(resources, &FromHost::Away(wait));
        }
        self.close(resources, info);
    }

    /// A later line has taken this one's place. All that waits for this one goes out over that one.
    pub fn give_way(&self, resources: &Resources) {
        self.drop_and_close(resources, CloseInfo::replaced());
    }

    /// Ends the connection because the client broke a rule of the protocol of sessions.
    fn close_breach(&self, resources: &Resources, breach: Breach) {
        self.run_gathered(resources);
        let action = self.step(Closing::violated);
        self.act(resources, action, CloseInfo::breach(breach));
    }

    /// Tells the session that this line has ended, and the room if that changes anything.
    pub(super) fn leave_session(&self, resources: &Resources, session: &Rc<KeptSession>, info: CloseInfo) {
        let Some(slot) = self.slot() else { return };
        if session.is_over() || !session.is_at(slot) {
            return;
        }
        let is_lost = match info.cause {
            CloseCause::Lost | CloseCause::Timeout => true,
            CloseCause::Client => info.code == GIVEN_UP,
            _ => false,
        };
        let shard = self.member.line().map_or(0, |line| line.shard);
        // The room has not heard that the client is back.
        let was_returning = session.is_returning();
        if is_lost && resources.sessions.lose(session, LineId { shard, slot }, resources.exact_now()) {
            resources.wakes.look();
            if !was_returning {
                self.deliver(resources, What::LineLost(self.client()));
            }
            return;
        }
        resources.sessions.end(session, (info.cause == CloseCause::Trap).then_some(Fresh::Failed));
        // To a client that ends the line by itself, the answers to its earlier messages still go out.
        if !self.closing.get().takes_messages() {
            self.member.set_closing();
        }
        self.deliver(resources, What::Left(self.client(), info));
    }
}
