//! Sessions that outlive their connections: delivery of each message once and in order, whatever lines it takes.
//!
//! A client that loses its line comes back with another one, says what it has received, and both sides send what the other lacks.
//! `docs/resume.md` describes the protocol. Here are its rules without I/O: [`HostSession`] is the host's side of one session, and
//! [`ClientSession`] the client's. Neither spawns, awaits, reads a clock or makes random numbers.
//!
//! A *line* is one WebSocket connection. Its owner numbers the lines; a session ignores what comes over a line that is not its own any
//! more.
//!
//! ```
//! use bytes::Bytes;
//! use ws_protocol::resume::{ClientSession, Fresh, HostSession, Limits, Outcome, Token};
//!
//! let mut client = ClientSession::new(Limits::default());
//! let hello = client.hello();
//! // The host makes a session for a client without one.
//! assert_eq!(hello.token, None);
//! let (mut host, welcome) = HostSession::begin(1, Fresh::New, Token([7; 16]), Limits::default());
//! assert_eq!(client.welcomed(welcome), Ok(Outcome::Fresh { reason: Fresh::New, unknown: vec![] }));
//! host.confirmed(1, client.confirmation()).unwrap();
//!
//! // The host sends two messages. The line breaks behind the first one.
//! host.send("one", 3);
//! host.send("two", 3);
//! client.received(3);
//! client.lost();
//!
//! // The client comes back over line 2, and gets the second one.
//! let resumed = host.resume(2, &client.hello(), Token([8; 16])).unwrap();
//! assert_eq!(resumed.cut, Some(1));
//! assert_eq!(client.welcomed(resumed.welcome), Ok(Outcome::<&str>::Resumed));
//! assert_eq!(host.unconfirmed().collect::<Vec<_>>(), [&"two"]);
//! # client.send("three", 5);
//! ```
//!
//! | file | owns |
//! | --- | --- |
//! | `host` | the host's side of a session |
//! | `client` | the client's side |
//! | `sent` | the messages that the other side has not confirmed |
//! | `received` | the count of received messages, and when it is to be told |
//! | `control` | the messages of the protocol as text |
//! | `token` | the secret that names a session |
//! | `breach` | the rules that the other side can break |

mod breach;
mod client;
mod control;
mod host;
mod received;
mod sent;
mod token;

pub use breach::Breach;
pub use client::{ClientSession, Outcome};
pub use control::{FromClient, FromHost, Hello, MAX_BYTES, MESSAGE, Welcome, wrap, wrap_frame};
pub use host::{HostSession, Resumed};
pub use received::CONFIRM_AFTER;
pub use sent::Limits;
pub use token::Token;

/// Why a line begins a session anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fresh {
    /// The client has asked for a new one.
    New,
    /// The host has no session of this name and token: the session has ended, or another process had it.
    Unknown,
    /// The client was away for longer than the host keeps a session.
    Expired,
    /// More messages waited for the client than the host keeps.
    TooMuch,
    /// A handler has failed on a message of the client.
    Failed,
    /// The gate has let in another user or subprotocol than before.
    Changed,
    /// The host keeps no sessions.
    Off,
}

impl Fresh {
    /// All reasons.
    pub const ALL: [Self; 7] = [Self::New, Self::Unknown, Self::Expired, Self::TooMuch, Self::Failed, Self::Changed, Self::Off];

    /// Its word in a welcome.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::TooMuch => "too-much",
            Self::Failed => "failed",
            Self::Changed => "changed",
            Self::Off => "off",
        }
    }
}
