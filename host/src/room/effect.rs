//! The effects of a handler beyond its room's tables: frames, closes and answers.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::member::LineId;
use crate::bus::Event;
use crate::fetch::Request;
use crate::requests::{Answering, CheckedHead};
use crate::types::{ClientId, CloseInfo};

/// Stands for an upgrade request that waits for its decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UpgradeId(pub u64);

/// The app's decision about an upgrade request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Lets the client in.
    Accept(Acceptance),
    /// Answers with an HTTP response.
    Refuse(Refusal),
    /// Accepts the WebSocket and closes it at once with this code and reason.
    Close(u16, ByteString),
}

/// The terms on which a client is let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// One of the subprotocols that it offered, or none.
    pub subprotocol: Option<ByteString>,
    /// The name of its user, 1 to 256 bytes.
    pub user: Option<ByteString>,
    /// More headers for the response: up to 64, of 8 KiB in all, none of which belongs to the handshake.
    pub headers: Vec<(String, String)>,
    /// Its attachment from the beginning, up to 16 KiB.
    pub attachment: Bytes,
}

/// The HTTP response to a client that is not let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The status, 400 to 599.
    pub status: u16,
    /// Its headers, under the same rules as those of an acceptance.
    pub headers: Vec<(String, String)>,
    /// Its body, up to 64 KiB. For an empty one the server writes a line about the status.
    pub body: Bytes,
}

impl Decision {
    /// Lets the client in as it is.
    #[must_use]
    pub fn accept() -> Self {
        Self::Accept(Acceptance::default())
    }

    /// Answers with this HTTP status, 400 to 599.
    #[must_use]
    pub fn refuse(status: u16) -> Self {
        Self::Refuse(Refusal { status, ..Refusal::default() })
    }

    /// Its memory in bytes, with its headers, body and attachment.
    pub(super) fn memory(&self) -> usize {
        let (headers, bytes) = match self {
            Self::Accept(acceptance) => (&acceptance.headers[..], &acceptance.attachment),
            Self::Refuse(refusal) => (&refusal.headers[..], &refusal.body),
            Self::Close(_, reason) => (&[][..], reason.as_bytes()),
        };
        size_of::<Self>()
            + bytes.len()
            + headers.iter().map(|(name, value)| size_of_val(&(name, value)) + name.len() + value.len()).sum::<usize>()
    }
}

/// One output of a turn. It is visible outside the room only after the turn's commit.
#[derive(Debug)]
pub enum Effect {
    /// Sends one frame to some clients.
    Send(Target, Frame),
    /// Sends a close frame and ends the connection.
    Close {
        /// The client.
        id: ClientId,
        /// Its line.
        line: LineId,
        /// The code and the reason, checked.
        info: CloseInfo,
    },
    /// Replies to the client's own close frame. Everything that was sent to the client before goes first.
    Reply(ClientId, LineId, CloseInfo),
    /// Answers an upgrade request.
    Decide(UpgradeId, Box<Decision>),
    /// Sends a request to an HTTP server.
    Fetch(u64, Arc<Request>),
    /// Gives such a request up.
    CancelFetch(u64),
    /// Sends a message to another room.
    Event(Arc<Event>),
    /// Sends a part of the answer to a plain HTTP request. Boxed, since it is larger than the others.
    Respond(Box<Reply>),
}

/// A part of the answer to a plain HTTP request, and where it goes.
#[derive(Debug)]
pub struct Reply {
    /// Where it goes.
    pub way: Answering,
    /// The part.
    pub part: ReplyPart,
}

/// A part of the answer to a plain HTTP request.
#[derive(Debug)]
pub enum ReplyPart {
    /// All of it.
    Whole(CheckedHead, Bytes),
    /// The head, which a body follows.
    Begin(CheckedHead),
    /// The next bytes of the body, and whether more than the soft limit waits with them.
    Chunk(Bytes, bool),
    /// The end.
    End,
    /// The app gives the answer up.
    Abort,
}

impl Reply {
    /// Whether it begins an answer that is no error.
    pub(super) fn is_success(&self) -> bool {
        match &self.part {
            ReplyPart::Whole(head, _) | ReplyPart::Begin(head) => head.status.as_u16() < 400,
            ReplyPart::Chunk(..) | ReplyPart::End | ReplyPart::Abort => false,
        }
    }

    /// Its turn is dropped.
    pub(super) fn unstage(&self) {
        if let ReplyPart::Chunk(chunk, _) = &self.part {
            self.way.unstage(chunk.len());
        }
    }

    /// The memory of its contents in bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.part {
            ReplyPart::Whole(head, body) => size_of::<Self>() + head.bytes() + body.len(),
            ReplyPart::Begin(head) => size_of::<Self>() + head.bytes(),
            ReplyPart::Chunk(chunk, _) => size_of::<Self>() + chunk.len(),
            ReplyPart::End | ReplyPart::Abort => size_of::<Self>(),
        }
    }
}

/// The receivers of a frame. They are fixed when the handler makes the call.
#[derive(Debug)]
pub enum Target {
    /// One client, over this line.
    One {
        /// The client.
        id: ClientId,
        /// Its line.
        line: LineId,
        /// Whether more than the soft limit waits for it with this frame, which owes it an `on-drain`.
        over_soft: bool,
    },
    /// The members at the time of the call.
    Members {
        /// Members that get nothing, sorted.
        except: Box<[ClientId]>,
        /// The join number of the last member. Members with a higher one joined after the call.
        joined_by: u64,
        /// The members that are over the soft limit with this frame, sorted.
        over_soft: Box<[ClientId]>,
    },
    /// These clients, over their lines.
    Some {
        /// The clients.
        receivers: Box<[(ClientId, LineId)]>,
        /// Those of them that are over the soft limit with this frame, sorted.
        over_soft: Box<[ClientId]>,
    },
}

/// An encoded frame, header and payload.
#[derive(Debug)]
pub enum Frame {
    /// A small one: a range of the turn's buffer.
    Small(std::ops::Range<usize>),
    /// A large one, shared by all outboxes that it waits in.
    Shared(Bytes),
}

impl Frame {
    /// Its size in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Small(range) => range.len(),
            Self::Shared(bytes) => bytes.len(),
        }
    }
}
