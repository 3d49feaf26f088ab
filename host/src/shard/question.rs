//! The questions that other threads may ask a shard about its rooms and clients.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::inventory::{ClientInfo, RoomInfo};
use crate::room::LineId;
use crate::types::ClientId;

/// A question about the rooms and clients of a shard, with the way of the answer. No handler delays it, but for `Topics`.
#[derive(Debug)]
pub enum Question {
    /// A page of the rooms that are open, or asleep in memory, by name.
    Rooms(RoomPage, oneshot::Sender<Vec<RoomInfo>>),
    /// The room of this name, if it is open or asleep in memory.
    Room(Arc<str>, oneshot::Sender<Option<RoomInfo>>),
    /// Those of these clients that are still here, in the same order.
    Clients(Vec<(ClientId, LineId)>, oneshot::Sender<Vec<ClientInfo>>),
    /// A page of the clients of a room that is open, by id: from behind this one on, and at most this many.
    ClientsOf(Arc<str>, Option<ClientId>, usize, oneshot::Sender<Option<Vec<ClientInfo>>>),
    /// The topics of a client, which the room of this name knows: it answers between two handlers.
    Topics(ClientId, Arc<str>, oneshot::Sender<Vec<String>>),
}

/// A page of rooms.
#[derive(Debug, Clone)]
pub struct RoomPage {
    /// Names up to this one are left out.
    pub after: Option<String>,
    /// The beginning of each name.
    pub prefix: String,
    /// The most of them.
    pub limit: usize,
}
