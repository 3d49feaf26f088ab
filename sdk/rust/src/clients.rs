//! Functions on the clients of this room: send to them, close them, look them up.

pub use crate::bindings::app::ws_host::server::clients::{AttachmentError, CloseError};
pub use crate::bindings::app::ws_host::server::types::{Address, Client, ClientId, CloseCause, CloseInfo, SendError, SendStatus};

use crate::AsMessage;
#[cfg(target_family = "wasm")]
use crate::bindings::app::ws_host::server::clients as host;
#[cfg(not(target_family = "wasm"))]
use crate::fake::clients as host;

impl Client {
    /// Returns the value of the first header with this name. The case of `name` does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

/// Returns the value of the first header with this name. Names in `headers` are in lower case already.
pub(crate) fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// Sends a message to one client. Messages to one client arrive in the order of the calls, broadcasts included.
///
/// [`SendStatus::Backpressure`] means that the client reads more slowly than you send: see [`Flow`](crate::Flow).
pub fn send(to: ClientId, message: impl AsMessage) -> Result<SendStatus, SendError> {
    host::send(to, message.as_message().into())
}

/// Sends a message to every member of the room.
///
/// It never waits for a slow client. The error is [`SendError::TooBig`] or [`SendError::Limit`]; in that case no
/// client receives the message.
pub fn broadcast(message: impl AsMessage) -> Result<(), SendError> {
    broadcast_except(message, &[])
}

/// Sends a message to every member of the room except these clients. Otherwise like [`broadcast`].
pub fn broadcast_except(message: impl AsMessage, except: &[ClientId]) -> Result<(), SendError> {
    host::broadcast(message.as_message().into(), except)
}

/// Closes a connection after everything sent to it before.
///
/// `code` is one of 1000 to 1003, 1007 to 1014 and 3000 to 4999 (RFC 6455 §7.4). `reason` has at most 123 bytes.
/// `on_client_left` is called after the present handler.
pub fn close(id: ClientId, code: u16, reason: &str) -> Result<(), CloseError> {
    host::close(id, code, reason)
}

/// Returns a client's details, or `None` when no client of this room has that id.
pub fn client(id: ClientId) -> Option<Client> {
    host::get(id)
}

/// Returns the ids of all members, in the order in which they connected.
pub fn clients() -> Vec<ClientId> {
    host::list()
}

/// Returns the ids of the members with this user, in the order in which they connected. The [gate](crate::Gate) names users.
pub fn clients_of_user(user: &str) -> Vec<ClientId> {
    host::of_user(user)
}

/// Returns the number of members.
pub fn count() -> u32 {
    host::count()
}

/// Returns whether a client has a connection over which messages reach it now. False for a member that is away and may come back, for one
/// that is closing, and when no client of this room has that id. See [`Presence`](crate::Presence).
pub fn is_online(id: ClientId) -> bool {
    host::is_online(id)
}

/// Returns the number of bytes queued for a client, or `None` when no client of this room has that id.
pub fn buffered_amount(id: ClientId) -> Option<u64> {
    host::buffered_amount(id)
}

/// Returns the bytes attached to a client, or `None` without an attachment or without a client of that id in this room.
pub fn attachment(id: ClientId) -> Option<Vec<u8>> {
    host::attachment(id)
}

/// Attaches up to 16 KiB to a client and replaces its previous attachment. Empty `data` removes the attachment.
///
/// Attachments live in the host: unlike the state of the [`App`](crate::App), they survive a swap and a trap.
pub fn set_attachment(id: ClientId, data: &[u8]) -> Result<(), AttachmentError> {
    host::set_attachment(id, data)
}

#[cfg(test)]
mod tests {
    use super::find_header;

    #[test]
    fn a_header_is_found_in_any_case_and_the_first_wins() {
        let headers = [("x-id", "1"), ("origin", "here"), ("x-id", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(find_header(&headers, "X-Id"), Some("1"));
        assert_eq!(find_header(&headers, "cookie"), None);
    }
}
