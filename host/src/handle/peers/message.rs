//! The requests of nodes to each other, with their answers.
//!
//! A request is a line of JSON and the bytes of a message behind it. A node of another version that does not know a request refuses it, and an answer that
//! is not understood counts as none. JSON takes on fields that one of the two does not know.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::part::Part;
use crate::inventory::{ClientInfo, Receivers, RoomInfo, UserInfo};
use crate::shard::{Delivery, Departure, Tallied};
use crate::status::NodeStatus;
use crate::types::{CloseInfo, Message};

/// A request to another node. It concerns the rooms that the node owns and the clients that are connected to it. Names of rooms are in normal form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::handle) enum Request {
    /// A page of the rooms.
    Rooms { prefix: String, after: Option<String>, limit: usize },
    /// This room.
    Room { room: String },
    /// A page of the clients of a room.
    ClientsOf { room: String, after: Option<u64>, limit: usize },
    /// A page of the clients, or of those of a user.
    Clients { user: Option<String>, after: Option<u64>, limit: usize },
    /// This client.
    Client { id: u64 },
    /// The topics of a client, which the owner of its room knows.
    Topics { room: String, client: u64 },
    /// A page of the users.
    Users { after: Option<String>, limit: usize },
    /// The number of clients of a user.
    User { name: String },
    /// Send a message, or close connections.
    Deliver { to: Receivers, what: Content },
    /// A client of the node has come to another one: end its session.
    EndSession(Departure),
    /// The node's state.
    Status,
}

/// The content of something for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::handle) enum Content {
    /// The bytes behind the request are a text message.
    Text,
    /// They are a binary message.
    Binary,
    /// A close frame.
    Close { code: u16, reason: String },
}

/// The answer of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::handle) enum Answer {
    Rooms(Part<RoomInfo>),
    Room(Option<RoomInfo>),
    /// `None`: the node has no such room.
    Clients(Option<Part<ClientInfo>>),
    Client(Option<ClientInfo>),
    /// `None`: the node does not own the room, or the client is no member.
    Topics(Option<Vec<String>>),
    Users(Part<UserInfo>),
    User(usize),
    Delivered(Tallied),
    /// Whether the node had the session, and its client is no member of its room any more.
    SessionEnded(bool),
    Status(NodeStatus),
    /// The node cannot do it, for this reason.
    Refused(String),
}

impl Content {
    /// The content for a request, and the bytes behind it.
    pub(in crate::handle) fn of(what: &Delivery) -> (Self, Bytes) {
        match what {
            Delivery::Message(Message::Text(text)) => (Self::Text, text.as_bytes().clone()),
            Delivery::Message(Message::Binary(bytes)) => (Self::Binary, bytes.clone()),
            Delivery::Close(info) => (Self::Close { code: info.code, reason: info.reason.to_string() }, Bytes::new()),
        }
    }

    /// The message or close with these bytes. `None` if a text is not UTF-8.
    pub(in crate::handle) fn with(self, payload: Bytes) -> Option<Delivery> {
        Some(match self {
            Self::Text => Delivery::Message(Message::Text(payload.try_into().ok()?)),
            Self::Binary => Delivery::Message(Message::Binary(payload)),
            Self::Close { code, reason } => Delivery::Close(CloseInfo::owner(code, &reason)),
        })
    }
}

/// The bytes of a request or an answer, with these bytes behind it.
pub(in crate::handle) fn encode(head: &impl Serialize, payload: &[u8]) -> Bytes {
    let mut bytes = serde_json::to_vec(head).expect("its keys are texts");
    bytes.push(b'\n');
    bytes.extend_from_slice(payload);
    bytes.into()
}

/// Reads such bytes. `None` if they are of another version, or malformed.
pub(in crate::handle) fn decode<T: DeserializeOwned>(mut bytes: Bytes) -> Option<(T, Bytes)> {
    // JSON has no line break within a text.
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let payload = bytes.split_off(end + 1);
    Some((serde_json::from_slice(&bytes).ok()?, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_with_the_bytes_behind_it_and_those_of_another_version_are_not_understood() {
        let to = Receivers::Topic { room: "/a\nb".into(), topic: "t".into() };
        let message = Delivery::Message(Message::text("one\ntwo"));
        let (what, payload) = Content::of(&message);
        let sent = Request::Deliver { to, what };
        let (read, behind) = decode::<Request>(encode(&sent, &payload)).expect("it is understood");
        assert_eq!((&read, &behind[..]), (&sent, &b"one\ntwo"[..]));
        assert!(decode::<Request>(Bytes::from_static(b"{\"frobnicate\":{}}\n")).is_none());
        assert!(decode::<Request>(Bytes::from_static(b"\"status\"")).is_none(), "its line has no end");
    }

    #[test]
    fn a_text_that_is_none_is_not_delivered() {
        assert!(Content::Text.with(Bytes::from_static(&[255])).is_none());
        assert!(Content::Binary.with(Bytes::from_static(&[255])).is_some());
    }
}
