//! The messages over lines, with and without sessions.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use tokio::sync::OwnedSemaphorePermit;
use ws_protocol::Message;
use ws_protocol::resume::{Breach, ClientSession, Fresh, FromClient, FromHost, Limits, Outcome, wrap};

/// A message of the application, with its share of the room for those that wait.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    message: Message,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Item {
    pub(crate) fn message(&self) -> &Message {
        &self.message
    }

    pub(crate) fn new(message: Message, permit: OwnedSemaphorePermit) -> Self {
        Self { message, _permit: Arc::new(permit) }
    }
}

/// Something to write to a line.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// With sessions.
    Frame(Message),
    /// Without sessions, a message holds its share until it is written.
    Plain(Item),
    Ping,
    Close(u16, String),
}

impl Outgoing {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Frame(message) => message.as_bytes().len(),
            Self::Plain(item) => item.message.as_bytes().len(),
            Self::Ping => 0,
            Self::Close(_, reason) => 2 + reason.len(),
        }
    }
}

/// The meaning of a message of the server.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It is of the application.
    Message(Message),
    /// The line is ready. The session goes on, or begins.
    Online(Begun),
    /// The server ends the line soon: the client waits for so long.
    Away(Duration),
    /// It concerns nobody else.
    Nothing,
}

/// How a line begins.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// The reason, if the session begins anew.
    pub(crate) fresh: Option<Fresh>,
    /// Messages that the server may have received or not.
    pub(crate) unknown: Vec<Message>,
    /// The first message of a server without sessions.
    pub(crate) message: Option<Message>,
}

/// The talk with a server. It outlives the lines.
pub(crate) enum Talk {
    /// With sessions: `docs/resume.md`.
    Sessions {
        session: ClientSession<Item>,
        handle: ByteString,
        /// Whether the server has ever answered to hello.
        is_answered: bool,
    },
    /// Messages as they are. They wait while no line is there.
    Plain { waiting: VecDeque<Item>, is_online: bool },
}

type Out = VecDeque<Outgoing>;

impl Talk {
    pub(crate) fn new(resume: bool) -> Self {
        // The room for messages bounds them.
        let limits = Limits { bytes: usize::MAX, messages: usize::MAX };
        if resume {
            return Self::Sessions { session: ClientSession::new(limits), handle: "new".into(), is_answered: false };
        }
        Self::Plain { waiting: VecDeque::new(), is_online: false }
    }

    /// The session's name for the URL of the next line.
    pub(crate) fn handle(&self) -> Option<String> {
        match self {
            Self::Sessions { handle, .. } => Some(handle.to_string()),
            Self::Plain { .. } => None,
        }
    }

    /// A line is there. Without sessions it is ready.
    pub(crate) fn open(&mut self, out: &mut Out) -> Option<Begun> {
        match self {
            Self::Sessions { session, .. } => {
                out.push_back(Outgoing::Frame(FromClient::Hello(session.hello()).write()));
                None
            }
            Self::Plain { waiting, is_online } => {
                *is_online = true;
                out.extend(waiting.drain(..).map(Outgoing::Plain));
                Some(Begun { fresh: Some(Fresh::Off), ..Begun::default() })
            }
        }
    }

    /// Takes what the application sends.
    pub(crate) fn send(&mut self, item: Item, out: &mut Out) {
        match self {
            Self::Sessions { session, .. } => {
                let wrapped = wrap(&item.message);
                if session.send(item, wrapped.as_bytes().len() - 1) {
                    out.push_back(Outgoing::Frame(wrapped));
                }
            }
            Self::Plain { is_online: true, .. } => out.push_back(Outgoing::Plain(item)),
            Self::Plain { waiting, is_online: false } => waiting.push_back(item),
        }
    }

    /// Takes what the server sends.
    pub(crate) fn hear(&mut self, message: Message, out: &mut Out) -> Result<Heard, Breach> {
        let Self::Sessions { session, .. } = self else { return Ok(Heard::Message(message)) };
        if !session.is_welcome() {
            return self.begin(message, out).map(Heard::Online);
        }
        match FromHost::read(message)? {
            FromHost::Message(message) => {
                session.received(message.as_bytes().len())?;
                if session.is_confirmation_due() {
                    self.confirm(out);
                }
                return Ok(Heard::Message(message));
            }
            FromHost::Received(number) => session.confirmed(number)?,
            FromHost::Pong(_) => {}
            FromHost::Away(wait) => return Ok(Heard::Away(wait)),
            FromHost::Welcome { .. } => return Err(Breach::Again),
        }
        Ok(Heard::Nothing)
    }

    /// The first message of a server.
    fn begin(&mut self, message: Message, out: &mut Out) -> Result<Begun, Breach> {
        let Self::Sessions { session, handle: known, is_answered } = self else { return Ok(Begun::default()) };
        let Ok(FromHost::Welcome { handle, welcome, .. }) = FromHost::read(message.clone()) else {
            if *is_answered {
                return Err(Breach::TooEarly);
            }
            // A server of another kind: it has taken hello for a message.
            self.go_without();
            let begun = self.open(out).unwrap_or_default();
            return Ok(Begun { message: Some(message), ..begun });
        };
        let outcome = session.welcomed(welcome)?;
        (*known, *is_answered) = (handle, true);
        out.push_back(Outgoing::Frame(FromClient::Received(session.confirmation()).write()));
        out.extend(session.unconfirmed().map(|item| Outgoing::Frame(wrap(&item.message))));
        Ok(match outcome {
            Outcome::Resumed => Begun::default(),
            Outcome::Fresh { reason, unknown } => {
                let unknown = unknown.into_iter().map(|item| item.message).collect();
                Begun { fresh: Some(reason), unknown, message: None }
            }
        })
    }

    /// Whether a line is there that carries messages.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Sessions { session, .. } => session.is_welcome(),
            Self::Plain { is_online, .. } => *is_online,
        }
    }

    /// Whether it is not known if the server has sessions.
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(self, Self::Sessions { is_answered: false, .. })
    }

    /// The server has no sessions. Messages wait for a line that asks for none.
    pub(crate) fn go_without(&mut self) {
        if let Self::Sessions { session, .. } = self {
            *self = Self::Plain { waiting: session.take_waiting().collect(), is_online: false };
        }
    }

    /// Whether the server does not know of all that was received. It is told within a second.
    pub(crate) fn has_confirmation(&self) -> bool {
        matches!(self, Self::Sessions { session, .. } if session.is_welcome() && session.has_confirmation())
    }

    /// Tells the server what was received.
    pub(crate) fn confirm(&mut self, out: &mut Out) {
        if let Self::Sessions { session, .. } = self
            && session.is_welcome()
        {
            out.push_back(Outgoing::Frame(FromClient::Received(session.confirmation()).write()));
        }
    }

    /// Asks for a sign of life: the host itself with sessions, since something between may answer pings of RFC 6455 §5.5.2.
    pub(crate) fn ask(&self, out: &mut Out) {
        out.push_back(match self {
            Self::Sessions { .. } => Outgoing::Frame(FromClient::Ping(ByteString::new()).write()),
            Self::Plain { .. } => Outgoing::Ping,
        });
    }

    /// The line is lost.
    pub(crate) fn lost(&mut self) {
        match self {
            Self::Sessions { session, .. } => session.lost(),
            Self::Plain { is_online, .. } => *is_online = false,
        }
    }
}
