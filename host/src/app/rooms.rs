//! Messages to other rooms, and where one comes from: see [`Room::send_to_room`](crate::Room::send_to_room). The rooms, clients and users of a
//! server, as its [`Handle`](crate::Handle) tells and reaches them.

use std::sync::Arc;

use crate::bus::{Event, Sender};
pub use crate::inventory::{ClientInfo, Page, Reached, Receivers, RoomInfo, RoomState, UserInfo};
pub use crate::room::{RoomOptions, RoomsError};

/// Where an event comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The room of this name.
    Room(Arc<str>),
    /// The API of the server: the name of the token that was shown, or `admin` for its Unix socket.
    Api(Arc<str>),
}

impl Source {
    pub(crate) fn of(event: &Event) -> Self {
        match &event.from {
            Sender::Room(name) => Self::Room(Arc::clone(name)),
            Sender::Api(name) => Self::Api(Arc::clone(name)),
        }
    }
}
