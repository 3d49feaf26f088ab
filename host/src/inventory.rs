//! The rooms, clients and users of a server, as a [`Handle`](crate::Handle) tells and reaches them.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::ClientId;

/// The clients that something of the owner's is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Receivers {
    /// All clients.
    All,
    /// The client of this id.
    Client(ClientId),
    /// The clients of the user of this name, in all rooms.
    User(String),
    /// The clients of the room of this name, which need not be in normal form.
    Room(String),
    /// The subscribers of a topic in this room.
    Topic {
        /// The room's name, as above.
        room: String,
        /// The topic.
        topic: String,
    },
}

/// Whether a room is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoomState {
    /// It is open: an instance of the app runs, or is to run again.
    Open,
    /// It is closed, and its state, its durable timers or its store are kept. It opens again for a client, a timer or a message.
    Asleep,
}

/// A room, as other threads may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomInfo {
    /// Its name.
    pub name: String,
    /// Whether it is open.
    pub state: RoomState,
    /// The clients that are connected to it, also those that its app has not heard of yet.
    pub clients: usize,
    /// The number of the node that owns it, in a cluster. A room that is closed has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u16>,
    /// The number of the thread that has it.
    pub shard: usize,
    /// The inputs that wait for it: messages of clients, and all else that its app is told.
    pub waiting: usize,
    /// The messages of other rooms, and from outside, that wait for it.
    pub waiting_events: usize,
}

/// A client, as other threads may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClientInfo {
    /// Its id.
    pub id: u64,
    /// Its user, if the app's gate has named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of its room.
    pub room: String,
    /// The number of the node that it is connected to, in a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u16>,
    /// The address that it connects from.
    #[schema(value_type = String)]
    pub address: SocketAddr,
    /// The path of its upgrade request. The query is left out: it may have secrets in it.
    pub path: String,
    /// The subprotocol that was agreed on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subprotocol: Option<String>,
    /// When it connected, in seconds since 1970.
    pub connected_unix: u64,
    /// Whether it has lost its connection, and its session waits for the next one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_away: bool,
    /// The bytes that wait to be sent to it.
    pub buffered_amount: usize,
    /// Its topics, in the order of their names. They are told of a single client, and not while a handler of its room takes long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<String>>,
}

/// A user, as other threads may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserInfo {
    /// Its name, as the app's gate has given it.
    pub name: String,
    /// Its clients, in all rooms.
    pub clients: usize,
}

/// The clients that something has reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reached {
    /// For how many clients a message is queued, or how many are closed.
    pub clients: usize,
    /// The numbers of the cluster's nodes that have not answered in time: their clients are not counted, and may be reached or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u16>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// Its entries, in their order.
    pub entries: Vec<T>,
    /// The key of its last entry, if others follow: the next page begins behind it.
    pub next: Option<K>,
    /// The numbers of the cluster's nodes that have not answered in time: their entries are missing.
    pub missing: Vec<u16>,
}

impl<T, K> Default for Page<T, K> {
    fn default() -> Self {
        Self { entries: Vec::new(), next: None, missing: Vec::new() }
    }
}

impl<T, K> Page<T, K> {
    /// A page of at most `limit` of these entries. One more than that shows that others follow.
    pub(crate) fn cut(mut entries: Vec<T>, limit: usize, key: impl FnOnce(&T) -> K) -> Self {
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| has_more).map(key);
        Self { entries, next, missing: Vec::new() }
    }
}
