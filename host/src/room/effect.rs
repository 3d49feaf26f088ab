//! The effects of a handler beyond its room's tables: frames, closes and answers.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::member::LineId;
use crate::fetch::Request;
use crate::types::{ClientId, CloseInfo};

/// Stands for an upgrade request that waits for its decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UpgradeId(pub u64);

/// The app's decision about an upgrade request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Lets the client in, with one of the subprotocols that it offered or with none.
    Accept(Option<ByteString>),
    /// Answers with this HTTP status, 400 to 599.
    Refuse(u16),
    /// Accepts the WebSocket and closes it at once with this code and reason.
    Close(u16, ByteString),
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
    Decide(UpgradeId, Decision),
    /// Sends a request to an HTTP server.
    Fetch(u64, Arc<Request>),
    /// Gives such a request up.
    CancelFetch(u64),
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
