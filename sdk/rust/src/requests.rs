//! Plain HTTP requests to this server, which the app answers: webhooks, small APIs, server-sent events.
//!
//! A request reaches the room that its path names, and comes to [`Requests`](crate::Requests). The app answers it whole with [`respond`], or in
//! pieces with [`begin`], [`chunk`] and [`end`]: in the handler that gets it or in a later one. [`abort`] gives an answer up. A handler that
//! panics has answered nothing, and the host answers 500. Anybody may ask: check a signature or a secret before you believe a request.
//!
//! A request belongs to the room: it stays open over a swap and a panic, and [`open`] lists it for the next instance.
//!
//! ```no_run
//! use ws_guest::requests::{self, Head, Request, RequestId};
//! use ws_guest::{App, Requests, broadcast};
//!
//! #[derive(Default)]
//! struct Bell;
//!
//! ws_guest::export!(Bell: Requests);
//!
//! impl App for Bell {}
//!
//! impl Requests for Bell {
//!     fn on_request(&mut self, id: RequestId, request: Request) {
//!         let answer = match (request.method.as_str(), request.path.as_str()) {
//!             ("POST", "/ring") => {
//!                 broadcast(request.text()).ok();
//!                 requests::respond(id, 204, "")
//!             }
//!             (_, "/ring") => requests::respond(id, Head::new(405).header("allow", "POST"), ""),
//!             _ => requests::respond(id, 404, "there is only a bell here"),
//!         };
//!         answer.expect("its client waits, and the head is right");
//!     }
//! }
//! ```

use std::borrow::Cow;

pub use crate::bindings::requests::exports::ws_host::server::requests::Request;
pub use crate::bindings::requests::ws_host::server::replies::{OpenRequest, RequestId, RespondError};

#[cfg(target_family = "wasm")]
use crate::bindings::requests::ws_host::server::replies as host;
#[cfg(not(target_family = "wasm"))]
use crate::fake::replies as host;

use crate::SendStatus;
use crate::clients::find_header;

/// The status and the headers of an answer. A status alone is a head too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status code, 200 to 599.
    pub status: u16,
    /// The headers: up to 64 of 16 KiB in all. Those of the connection, such as `content-length`, are the host's.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// A head without headers.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl From<u16> for Head {
    fn from(status: u16) -> Self {
        Self::new(status)
    }
}

impl Request {
    /// Returns the value of the first header with this name. The case of `name` does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The body as text. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Answers a request, whole. The host names the type `text/plain; charset=utf-8` if the head names none.
///
/// # Errors
/// Nothing is sent: the request is answered or its client has gone, its answer has begun, the head is not allowed, or the body is larger than the
/// host allows (by default, 4 MiB).
pub fn respond(id: RequestId, head: impl Into<Head>, body: impl AsRef<[u8]>) -> Result<(), RespondError> {
    with_head(&head.into(), |head| host::respond(id, head, body.as_ref()))
}

/// Begins an answer whose body follows in chunks. The head goes out when the handler returns.
///
/// # Errors
/// As [`respond`].
pub fn begin(id: RequestId, head: impl Into<Head>) -> Result<(), RespondError> {
    with_head(&head.into(), |head| host::respond_begin(id, head))
}

/// Sends the next bytes of an answer that has begun. [`SendStatus::Backpressure`] says that more than the soft limit waits to be read: send less
/// until [`Requests::on_request_drained`](crate::Requests::on_request_drained).
///
/// # Errors
/// Nothing is sent: the client has gone, the answer has not begun, or the chunk is larger than the host allows (by default, 1 MiB).
pub fn chunk(id: RequestId, bytes: impl AsRef<[u8]>) -> Result<SendStatus, RespondError> {
    host::respond_chunk(id, bytes.as_ref())
}

/// Ends an answer that has begun.
///
/// # Errors
/// The client has gone, or the answer has not begun.
pub fn end(id: RequestId) -> Result<(), RespondError> {
    host::respond_end(id)
}

/// Gives an answer up, such as one in chunks whose source has failed: the host closes the connection, and the client sees that the answer is
/// incomplete. In place of an answer that has not begun, the host answers 500. No [`on_request_gone`](crate::Requests::on_request_gone) follows.
/// Nothing happens if the request is answered, its client has gone, or it never existed.
pub fn abort(id: RequestId) {
    host::abort(id);
}

/// Returns the requests of this room whose answer is not complete, in the order in which they came. After a swap or a panic, these are requests
/// of an earlier instance: answer them, or [`abort`] those that nobody goes on with, so that a browser's `EventSource` comes again.
#[must_use]
pub fn open() -> Vec<OpenRequest> {
    host::list()
}

fn with_head<R>(head: &Head, act: impl FnOnce(host::Head<'_>) -> R) -> R {
    let headers: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    act(host::Head { status: head.status, headers: &headers })
}
