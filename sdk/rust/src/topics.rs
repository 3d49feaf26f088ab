//! Named groups of clients within the room. They live in the host and survive a swap and a trap.

pub use crate::bindings::app::ws_host::server::topics::SubscribeError;

use crate::bindings::app::ws_host::server::topics as host;
use crate::{AsMessage, ClientId, SendError};

/// Adds a client to a topic, whose name has 1 to 256 bytes. Doing so twice is no error and changes nothing.
///
/// A client that leaves is taken out of its topics before `on_client_left` runs.
pub fn subscribe(id: ClientId, topic: &str) -> Result<(), SubscribeError> {
    host::subscribe(id, topic)
}

/// Takes a client out of a topic. No error if it was not in it.
pub fn unsubscribe(id: ClientId, topic: &str) {
    host::unsubscribe(id, topic);
}

/// Sends a message to the subscribers of a topic. Otherwise as [`broadcast`](crate::broadcast).
pub fn publish(topic: &str, message: impl AsMessage) -> Result<(), SendError> {
    publish_except(topic, message, &[])
}

/// Sends a message to the subscribers of a topic but these. Otherwise as [`broadcast`](crate::broadcast).
pub fn publish_except(topic: &str, message: impl AsMessage, except: &[ClientId]) -> Result<(), SendError> {
    host::publish(topic, message.as_message().into(), except)
}

/// The subscribers of a topic, in the order of their ids.
pub fn subscribers(topic: &str) -> Vec<ClientId> {
    host::subscribers(topic)
}
