//! Messages to other rooms, and where one comes from: see [`Room::send_to_room`](crate::Room::send_to_room).

use std::sync::Arc;

use crate::bus::Event;
pub use crate::room::{RoomOptions, RoomsError};

/// Where an event comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The room of this name.
    Room(Arc<str>),
}

impl Source {
    pub(crate) fn of(event: &Event) -> Self {
        Self::Room(Arc::clone(&event.from))
    }
}
