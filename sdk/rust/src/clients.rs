//! The clients of this room: sending to them, closing them, asking about them.

pub use crate::bindings::app::ws_host::server::clients::{AttachmentError, CloseError};
pub use crate::bindings::app::ws_host::server::types::{Address, Client, ClientId, CloseCause, CloseInfo, SendError, SendStatus};

use crate::AsMessage;
use crate::bindings::app::ws_host::server::clients as host;

impl Client {
    /// The value of the first header of that name, in whatever case the name is given.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

/// The first header of that name. Names are in lower case already.
pub(crate) fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// Sends a message to one client. Messages to one client arrive in the order of the calls, broadcasts included.
///
/// [`SendStatus::Backpressure`] says that the client reads more slowly than it is sent to: see [`Flow`](crate::Flow).
pub fn send(to: ClientId, message: impl AsMessage) -> Result<SendStatus, SendError> {
    host::send(to, message.as_message().into())
}

/// Sends a message to every member of the room.
///
/// It never waits for a slow client. The error is [`SendError::TooBig`] or [`SendError::Limit`]; nobody has received
/// the message then.
pub fn broadcast(message: impl AsMessage) -> Result<(), SendError> {
    broadcast_except(message, &[])
}

/// Sends a message to every member of the room but these. Otherwise as [`broadcast`].
pub fn broadcast_except(message: impl AsMessage, except: &[ClientId]) -> Result<(), SendError> {
    host::broadcast(message.as_message().into(), except)
}

/// Closes a connection, after everything that was sent to it before.
///
/// `code` is one of 1000 to 1003, 1007 to 1014 and 3000 to 4999 (RFC 6455 §7.4), `reason` at most 123 bytes.
/// `on_client_left` is called after the present handler.
pub fn close(id: ClientId, code: u16, reason: &str) -> Result<(), CloseError> {
    host::close(id, code, reason)
}

/// A client's details, or `None` when no client of this room has that id.
pub fn client(id: ClientId) -> Option<Client> {
    host::get(id)
}

/// The ids of all members, in the order in which they came.
pub fn clients() -> Vec<ClientId> {
    host::list()
}

/// How many members there are.
pub fn count() -> u32 {
    host::count()
}

/// How many bytes wait to be written to a client, or `None` when no client of this room has that id.
pub fn buffered_amount(id: ClientId) -> Option<u64> {
    host::buffered_amount(id)
}

/// The bytes that were attached to a client, or `None` when there are none or no client of this room has that id.
pub fn attachment(id: ClientId) -> Option<Vec<u8>> {
    host::attachment(id)
}

/// Attaches up to 16 KiB to a client, in place of what was attached before. Nothing at all takes it away.
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
