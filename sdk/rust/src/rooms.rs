//! The name of this room, and messages to other rooms.
//!
//! Rooms share nothing. A message to another room leaves when the handler has returned, and arrives at the other room's
//! [`Events`](crate::Events). Messages from one room to another keep their order.
//!
//! ```no_run
//! use ws_guest::rooms::{self, Source};
//! use ws_guest::{App, CloseInfo, ClientId, Events, Message, broadcast};
//!
//! #[derive(Default)]
//! struct Match;
//!
//! ws_guest::export!(Match: Events);
//!
//! impl App for Match {
//!     fn on_client_left(&mut self, id: ClientId, _: CloseInfo) {
//!         rooms::send_or_create("/lobby", format!("{} has lost player {id}", rooms::name())).ok();
//!     }
//! }
//!
//! impl Events for Match {
//!     fn on_event(&mut self, source: Source, message: Message) {
//!         let from = match source {
//!             Source::Room(name) => name,
//!             // Somebody outside, through the server's API.
//!             Source::Api(token) => token,
//!         };
//!         broadcast(format!("{from} says {}", message.as_text().unwrap_or_default())).ok();
//!     }
//! }
//! ```

pub use crate::bindings::events::exports::ws_host::server::events::Source;
pub use crate::bindings::events::ws_host::server::rooms::RoomsError;

use crate::AsMessage;
#[cfg(target_family = "wasm")]
use crate::bindings::events::ws_host::server::rooms as host;
use crate::bindings::events::ws_host::server::rooms::RoomOptions;
#[cfg(not(target_family = "wasm"))]
use crate::fake::rooms as host;

/// Returns the name of this room. With one room for each path it is the path, such as `/room/blue`; with one room for all it is `main`.
/// A room of a single client has no name: the text is empty.
#[must_use]
pub fn name() -> String {
    host::name()
}

/// Sends a message to a room when the handler has returned. A room that is asleep opens for it.
///
/// # Errors
/// Nothing is sent: the name is invalid, no such room exists, the message is too big, or there are as many messages or rooms as there may be.
pub fn send(room: &str, message: impl AsMessage) -> Result<(), RoomsError> {
    host::send(room, message.as_message().into(), RoomOptions { create: false })
}

/// The same, but a room that does not exist begins with this message, as with a first client.
///
/// # Errors
/// As for [`send`], but for a room that does not exist.
pub fn send_or_create(room: &str, message: impl AsMessage) -> Result<(), RoomsError> {
    host::send(room, message.as_message().into(), RoomOptions { create: true })
}
