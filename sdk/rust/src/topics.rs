//! Named groups of clients within the room. They live in the host and survive a swap and a trap.

pub use crate::bindings::app::ws_host::server::topics::SubscribeError;

#[cfg(target_family = "wasm")]
use crate::bindings::app::ws_host::server::topics as host;
#[cfg(not(target_family = "wasm"))]
use crate::fake::topics as host;
use crate::{AsMessage, ClientId, SendError};

/// Adds a client to a topic. The topic's name has 1 to 256 bytes. Subscribing twice is no error and changes nothing.
///
/// A client that leaves is removed from its topics before `on_client_left` runs.
pub fn subscribe(id: ClientId, topic: &str) -> Result<(), SubscribeError> {
    host::subscribe(id, topic)
}

/// Removes a client from a topic. It is no error if the client had not subscribed.
pub fn unsubscribe(id: ClientId, topic: &str) {
    host::unsubscribe(id, topic);
}

/// Sends a message to the subscribers of a topic. Otherwise like [`broadcast`](crate::broadcast).
pub fn publish(topic: &str, message: impl AsMessage) -> Result<(), SendError> {
    publish_except(topic, message, &[])
}

/// Sends a message to the subscribers of a topic except these clients. Otherwise like [`broadcast`](crate::broadcast).
pub fn publish_except(topic: &str, message: impl AsMessage, except: &[ClientId]) -> Result<(), SendError> {
    host::publish(topic, message.as_message().into(), except)
}

/// Returns the subscribers of a topic, in the order of their ids.
pub fn subscribers(topic: &str) -> Vec<ClientId> {
    host::subscribers(topic)
}

/// Returns the topics of a client, in the order of their names.
pub fn of_client(id: ClientId) -> Vec<String> {
    host::of_client(id)
}
