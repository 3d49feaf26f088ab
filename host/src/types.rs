//! The nouns that every layer talks about: clients, messages and how a connection ends.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

/// Names one connection. Ids start at 1, grow by one and are never used again while the server runs.
pub type ClientId = u64;

/// One whole WebSocket message. A clone costs a reference count, not a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message: UTF-8, checked (RFC 6455 §8.1).
    Text(ByteString),
    /// A binary message.
    Binary(Bytes),
}

impl Message {
    /// A text message.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self::Text(text.into())
    }

    /// A binary message.
    pub fn binary(data: impl Into<Bytes>) -> Self {
        Self::Binary(data.into())
    }

    /// The payload's bytes, of either kind.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
        }
    }

    /// The text, or `None` for a binary message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::binary(data)
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::binary(data)
    }
}

/// A connected client, as its upgrade request described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// The address it connects from.
    pub address: SocketAddr,
    /// The upgrade request's path, query and headers, shared and not copied.
    pub request: Arc<Request>,
    /// The subprotocol that was agreed on (RFC 6455 §1.9), if any.
    pub subprotocol: Option<ByteString>,
}

/// What an upgrade request asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The path, percent-encoding untouched.
    pub path: String,
    /// What stood behind the `?`, or the empty string.
    pub query: String,
    /// The headers in their order, names in lower case. Bytes that are not UTF-8 are shown as U+FFFD.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The first header of this name (in lower case), if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(n, _)| n == name)?;
        Some(value)
    }
}

/// What ended a connection. `protocol::close` has the table from cause to close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCause {
    /// The client closed it with a close frame.
    Client,
    /// The app closed it.
    Guest,
    /// The connection was lost: a reset, or its end without a close frame.
    Lost,
    /// The client did not answer in time.
    Timeout,
    /// The client broke the protocol (1002) or sent text that is not UTF-8 (1007).
    Protocol,
    /// A message passed the limit on size (1009).
    TooBig,
    /// The client broke a rate limit or another rule of the host (1008).
    Policy,
    /// The client did not read what was sent to it, or the room is overloaded (1013).
    Overload,
    /// The handler trapped on an event of this client (1011).
    Trap,
    /// The host restarts, or swaps the guest in a way that needs a new connection (1012).
    Restart,
    /// The host shuts down (1001), or its owner disconnected the client.
    Shutdown,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseInfo {
    /// The close code (RFC 6455 §7.4) of whoever closed first: 1005 when its frame had none, 1006 when there was no frame.
    pub code: u16,
    /// The reason in that close frame, or the empty string.
    pub reason: ByteString,
    /// Whether a close frame ended it, from either side.
    pub clean: bool,
    /// What ended it.
    pub cause: CloseCause,
}
