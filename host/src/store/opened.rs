//! A room that has been opened.

use super::room_store::RoomStore;
use super::state::Usage;
use super::write::{DurableTimer, OpenRequest, Snapshot};

/// A room that has been opened, as the database has it.
#[derive(Debug)]
pub struct Opened {
    /// The room's part of the database.
    pub store: RoomStore,
    /// The usage of the durable state.
    pub usage: Usage,
    /// The durable timers, the next one first.
    pub timers: Vec<DurableTimer>,
    /// The requests to HTTP servers that have no answer yet, in the order of their ids.
    pub requests: Vec<OpenRequest>,
    /// The saved states, the newest first: one, or several while a probation runs.
    pub snapshots: Vec<Snapshot>,
    /// Whether the database knows the room: it has a row, which may have nothing else.
    pub is_known: bool,
    /// Whether the room's last life ended with `Write::Close`: nothing has happened since its newest snapshot. True for a room that the
    /// database does not know.
    pub clean: bool,
}
