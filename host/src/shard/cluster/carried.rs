//! A member as its edge keeps it for every owner of the room: its identity, and what the room has attached to it.

use std::net::SocketAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::wire::{self, Malformed};
use crate::room::Room;
use crate::types::{Agreed, Client, ClientId, Request};

/// A member, without the parts that belong to one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    address: SocketAddr,
    request: String,
    subprotocol: Option<String>,
    user: Option<String>,
    /// When it connected, in seconds since 1970.
    pub connected_unix: u64,
    /// Its attachment.
    pub attachment: Vec<u8>,
    /// The topics that it has subscribed to.
    pub topics: Vec<String>,
    /// Whether the room has not been asked whether it takes new clients: this one has come back too late.
    pub is_unasked: bool,
    /// Whether it has lost its connection and may come back.
    pub is_away: bool,
    /// Whether the app has closed it, or has failed on its input: its further messages are ignored.
    pub is_unheard: bool,
}

impl Carried {
    /// A client that joins.
    pub fn new(client: &Client, connected_unix: u64) -> Self {
        let agreed = client.agreed.as_deref();
        Self {
            address: client.address,
            request: client.request.as_stored().to_owned(),
            subprotocol: agreed.and_then(|agreed| agreed.subprotocol.as_deref()).map(str::to_owned),
            user: agreed.and_then(|agreed| agreed.user.as_deref()).map(str::to_owned),
            connected_unix,
            attachment: Vec::new(),
            topics: Vec::new(),
            is_unasked: false,
            is_away: false,
            is_unheard: false,
        }
    }

    /// A member of a room.
    pub fn of(room: &Room, id: ClientId) -> Option<Self> {
        let member = room.members().find(|member| member.client.id == id)?;
        let mut carried = Self::new(&member.client, member.connected_unix());
        carried.attachment = room.attachment(id).map(|bytes| bytes.to_vec()).unwrap_or_default();
        carried.topics = room.topics_of(id).into_iter().map(str::to_owned).collect();
        carried.is_away = !member.is_online();
        carried.is_unheard = !member.is_heard();
        Some(carried)
    }

    /// The client.
    pub fn client(&self, id: u64) -> Client {
        let agreed =
            Agreed { subprotocol: self.subprotocol.as_deref().map(Into::into), user: self.user.as_deref().map(Into::into) };
        Client {
            id: ClientId::new(id),
            address: self.address,
            request: Request::from_stored(&self.request),
            agreed: agreed.shared(),
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        wire::encode(self)
    }

    /// Reads its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        wire::decode(bytes)
    }
}
