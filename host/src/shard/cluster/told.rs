//! The inputs of a room on their way from an edge to the owner.

use std::net::SocketAddr;

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::wire::{self, Malformed};
use crate::app::upgrade::UpgradeRequest;
use crate::close::{CloseCause, CloseInfo};
use crate::requests::IncomingRequest;
use crate::types::{Message, Request};

const TEXT: u8 = b't';
const BINARY: u8 = b'b';
const LINE_LOST: u8 = b'l';
const LINE_BACK: u8 = b'k';
const HAS_READ: u8 = b'r';

/// An input of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromMember {
    /// It has sent this.
    Message(Message),
    /// It has lost its line, and may come back.
    LineLost,
    /// It is back over another line.
    LineBack,
    /// It has read all that waited for it at the edge.
    HasRead,
}

impl FromMember {
    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Message(message @ Message::Text(_)) => wire::tagged(TEXT, message.as_bytes()),
            Self::Message(message @ Message::Binary(_)) => wire::tagged(BINARY, message.as_bytes()),
            Self::LineLost => wire::tagged(LINE_LOST, &[]),
            Self::LineBack => wire::tagged(LINE_BACK, &[]),
            Self::HasRead => wire::tagged(HAS_READ, &[]),
        }
    }

    /// Reads its bytes.
    pub fn decode(mut bytes: Bytes) -> Result<Self, Malformed> {
        let tag = bytes.split_to(bytes.len().min(1));
        match tag.first() {
            Some(&TEXT) => Ok(Self::Message(Message::Text(ByteString::try_from(bytes).map_err(|_| Malformed)?))),
            Some(&BINARY) => Ok(Self::Message(Message::Binary(bytes))),
            Some(&LINE_LOST) => Ok(Self::LineLost),
            Some(&LINE_BACK) => Ok(Self::LineBack),
            Some(&HAS_READ) => Ok(Self::HasRead),
            _ => Err(Malformed),
        }
    }
}

/// Something for the room that is no member's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// A client asks to be let in. The edge knows it by this number.
    Upgrade(u64, Upgrade),
    /// A client that was let in does not come.
    Withdrawn,
    /// A plain HTTP request. The edge knows it by this number.
    Request(u64, Plain),
    /// The client of such a request has read everything.
    RequestDrained(u64),
    /// The client of such a request has gone, or waits no longer.
    RequestGone(u64),
    /// A message from outside, or of a room that is not owned.
    Event(Event),
    /// A message of another room, or its receipt: [`Mail`](crate::cluster::mail::Mail).
    Mail(Vec<u8>),
}

/// An upgrade request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    address: SocketAddr,
    request: String,
    subprotocols: Vec<String>,
    resumes: bool,
}

/// A plain HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plain {
    address: SocketAddr,
    method: String,
    request: String,
    body: Vec<u8>,
}

/// A message of another room, or from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Whether a user of the API has sent it, and no room.
    pub is_from_outside: bool,
    /// The name of the sender.
    pub from: String,
    /// Whether it is text.
    pub is_text: bool,
    /// The content.
    pub content: Vec<u8>,
    /// Its number among the sender's stored messages; 0 if it is not stored.
    pub number: u64,
}

impl Asked {
    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        wire::encode(self)
    }

    /// Reads its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        wire::decode(bytes)
    }
}

impl From<&UpgradeRequest> for Upgrade {
    fn from(UpgradeRequest { address, request, subprotocols, resumes }: &UpgradeRequest) -> Self {
        let (request, subprotocols) = (request.as_stored().to_owned(), subprotocols.clone());
        Self { address: *address, request, subprotocols, resumes: *resumes }
    }
}

impl From<Upgrade> for UpgradeRequest {
    fn from(Upgrade { address, request, subprotocols, resumes }: Upgrade) -> Self {
        Self { address, request: Request::from_stored(&request), subprotocols, resumes }
    }
}

impl From<&IncomingRequest> for Plain {
    fn from(IncomingRequest { address, method, request, body }: &IncomingRequest) -> Self {
        Self { address: *address, method: method.clone(), request: request.as_stored().to_owned(), body: body.to_vec() }
    }
}

impl From<Plain> for IncomingRequest {
    fn from(Plain { address, method, request, body }: Plain) -> Self {
        Self { address, method, request: Request::from_stored(&request), body: body.into() }
    }
}

/// The end of a member's connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    code: u16,
    reason: String,
    clean: bool,
    cause: u8,
}

impl From<&CloseInfo> for End {
    fn from(CloseInfo { code, reason, clean, cause }: &CloseInfo) -> Self {
        let cause = CloseCause::ALL.iter().position(|other| other == cause).and_then(|cause| u8::try_from(cause).ok());
        Self { code: *code, reason: reason.to_string(), clean: *clean, cause: cause.unwrap_or(u8::MAX) }
    }
}

impl TryFrom<End> for CloseInfo {
    type Error = Malformed;

    fn try_from(End { code, reason, clean, cause }: End) -> Result<Self, Malformed> {
        let cause = *CloseCause::ALL.get(usize::from(cause)).ok_or(Malformed)?;
        Ok(Self { code, reason: reason.into(), clean, cause })
    }
}

/// The bytes of the end of a connection.
pub fn encode_end(info: &CloseInfo) -> Bytes {
    wire::encode(&End::from(info))
}

/// Reads them. An owner tells the end of a dead node's members without any.
pub fn decode_end(bytes: &[u8]) -> CloseInfo {
    let end = wire::decode::<End>(bytes).and_then(CloseInfo::try_from);
    end.unwrap_or_else(|Malformed| CloseInfo::lost())
}
