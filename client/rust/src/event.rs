//! The events of a socket.

use std::fmt;
use std::time::Duration;

use ws_protocol::Message;
use ws_protocol::resume::Fresh;

/// An event of the socket. Events come in the order in which they happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server has sent a message.
    Message(Message),
    /// The state of the line has changed. An application that reads slowly hears only the last of several changes.
    Status(Status),
    /// The server has no state of this client any more. The application asks for it anew.
    Fresh {
        /// The server's reason; [`Fresh::Off`] with a server that has no sessions.
        reason: Fresh,
        /// The messages that the server may have received or not.
        unknown: Vec<Message>,
    },
    /// The socket has ended. This is the last event.
    Closed(Closed),
}

/// The state of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// An attempt is on its way.
    Connecting,
    /// A line is there.
    Online {
        /// Whether the session goes on, so that nothing is lost.
        resumed: bool,
        /// How long the line was away; zero the first time.
        away: Duration,
        /// The subprotocol that the server has chosen.
        subprotocol: Option<String>,
    },
    /// The line is lost, or an attempt has failed.
    Away {
        /// The number of attempts since the last good line.
        attempt: u32,
        /// The time to the next one.
        retry_in: Duration,
        /// The cause, in one line for people.
        cause: String,
    },
}

/// The end of a line, or of the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code (RFC 6455 §7.4.1); 1006 if the line ended without one.
    pub code: u16,
    /// The server's reason, or the cause in one line for people.
    pub reason: String,
    /// The status of the HTTP response that refused an attempt.
    pub http_status: Option<u16>,
}

impl Closed {
    /// An end without a close frame.
    pub(crate) fn abnormal(reason: impl Into<String>) -> Self {
        Self { code: ws_protocol::ABNORMAL, reason: reason.into(), http_status: None }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.http_status, self.reason.as_str()) {
            (Some(status), _) => write!(f, "the server refused the connection with the HTTP status {status}"),
            (None, "") => write!(f, "the connection closed with code {}", self.code),
            (None, reason) => write!(f, "the connection closed with code {}: {reason}", self.code),
        }
    }
}
