//! The client's side of a session.

use super::control::{Hello, Welcome};
use super::received::Received;
use super::sent::{Limits, Sent};
use super::{Breach, Fresh, Token};

/// The client's side of its session. `T` is a sent message.
///
/// Messages may be sent at any time. Those that no line has carried yet wait for the next one.
#[derive(Debug, Clone)]
pub struct ClientSession<T> {
    /// The messages of the session that lines have carried, and that the host has not confirmed.
    sent: Sent<T>,
    /// The messages that no line of the session has carried.
    waiting: Sent<T>,
    received: Received,
    token: Option<Token>,
    is_welcome: bool,
}

/// The outcome of a welcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The session goes on: nothing is lost.
    Resumed,
    /// A session begins. The state of an earlier one is lost.
    Fresh {
        /// The host's reason.
        reason: Fresh,
        /// Messages of the session before that the host may have received or not.
        unknown: Vec<T>,
    },
}

impl<T: Clone> ClientSession<T> {
    /// A client that has no session yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            sent: Sent::new(limits),
            waiting: Sent::new(limits),
            received: Received::default(),
            token: None,
            is_welcome: false,
        }
    }

    /// The first message for a new line. The line before counts no longer, whether or not it was noticed as lost.
    pub fn hello(&mut self) -> Hello {
        self.is_welcome = false;
        Hello { token: self.token, received: self.received.number() }
    }

    /// The host has answered. The line has to carry a confirmation first, then the messages of [`ClientSession::unconfirmed`].
    ///
    /// # Errors
    /// It is the second welcome on this line, or the host counts more messages than were sent.
    pub fn welcomed(&mut self, welcome: Welcome) -> Result<Outcome<T>, Breach> {
        if self.is_welcome {
            return Err(Breach::Again);
        }
        let outcome = match welcome.fresh {
            None if self.token.is_none() => return Err(Breach::Malformed),
            None => {
                self.sent.confirm(welcome.received)?;
                Outcome::Resumed
            }
            Some(reason) => {
                self.received = Received::default();
                Outcome::Fresh { reason, unknown: self.sent.start_over().map(|(item, _)| item).collect() }
            }
        };
        (self.token, self.is_welcome) = (Some(welcome.token), true);
        for (item, bytes) in self.waiting.start_over() {
            self.sent.push(item, bytes);
        }
        Ok(outcome)
    }

    /// Sends a message. Returns whether the line is to carry it now; otherwise it waits for the next one.
    pub fn send(&mut self, item: T, bytes: usize) -> bool {
        let queue = if self.is_welcome { &mut self.sent } else { &mut self.waiting };
        queue.push(item, bytes);
        self.is_welcome
    }

    /// Whether more waits than the limits allow, so that nothing should be sent.
    pub fn is_full(&self) -> bool {
        self.sent.is_over() || self.waiting.is_over()
    }

    /// The messages of the session that the host has not confirmed, the oldest first.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &T> {
        self.sent.iter()
    }

    /// The bytes of all messages that the host has not confirmed.
    pub fn unconfirmed_bytes(&self) -> usize {
        self.sent.bytes() + self.waiting.bytes()
    }

    /// A message of the application has come over the present line.
    ///
    /// # Errors
    /// It came before the welcome.
    pub fn received(&mut self, bytes: usize) -> Result<(), Breach> {
        self.received.count(self.is_welcome.then_some(bytes).ok_or(Breach::TooEarly)?);
        Ok(())
    }

    /// The host has confirmed messages.
    ///
    /// # Errors
    /// The number is higher than that of the last message, or it came before the welcome.
    pub fn confirmed(&mut self, number: u64) -> Result<(), Breach> {
        if self.is_welcome { self.sent.confirm(number) } else { Err(Breach::TooEarly) }
    }

    /// Whether the host is to be told now what was received.
    pub fn is_confirmation_due(&self) -> bool {
        self.received.is_due()
    }

    /// Whether the host has not been told of all that was received. It is, within a second or two.
    pub fn has_confirmation(&self) -> bool {
        self.received.has_news()
    }

    /// The number of received messages, which the host is told now.
    pub fn confirmation(&mut self) -> u64 {
        self.received.tell()
    }

    /// The line is lost. Messages wait for the next one.
    pub fn lost(&mut self) {
        self.is_welcome = false;
    }

    /// Takes the messages that no line has carried: the server speaks no sessions, so that they go out as they are.
    pub fn take_waiting(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.waiting.start_over().map(|(item, _)| item)
    }

    /// Whether a line is there, and the host has answered on it.
    pub fn is_welcome(&self) -> bool {
        self.is_welcome
    }
}
