//! The traits that an application implements.

pub use crate::bindings::gate::exports::ws_host::server::gate::{Acceptance, Decision, Refusal, Rejection, Request};
pub use crate::bindings::lifecycle::exports::ws_host::server::lifecycle::{Saved, StartReason};

use crate::clients::find_header;
use crate::control::TimerId;
use crate::http::{BodyPart, Failure, FetchId, Response};
use crate::requests::{self, RequestId};
use crate::rooms::Source;
use crate::{Client, ClientId, CloseInfo, Message};

/// An application: its fields hold the state of one room, its methods handle the room's events.
///
/// Each instance starts as `Default`. For each client, the host calls `on_new_client` once, then `on_message` for
/// each message in order, then `on_client_left` exactly once. Handlers never run at the same time. If a handler
/// panics, its effects and the state are lost, and a fresh instance starts. See [`export!`](crate::export).
pub trait App: Default + 'static {
    /// Called when a client has connected. The client is already a member: a broadcast from here reaches it too.
    fn on_new_client(&mut self, client: Client) {
        let _ = client;
    }

    /// Called when a client has sent a message.
    fn on_message(&mut self, from: ClientId, message: Message) {
        let _ = (from, message);
    }

    /// Called when a client has gone. The client is no longer a member, but [`client`](crate::client) and
    /// [`attachment`](crate::attachment) still find it while this handler runs.
    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        let _ = (id, info);
    }
}

/// Decides which upgrade requests are accepted. Without a gate, the host's own rules decide alone.
pub trait Gate: App {
    /// Decides about an upgrade request. The client has no id yet, so nothing can be sent to it here.
    fn on_upgrade(&mut self, request: Request) -> Decision;
}

impl Request {
    /// Returns the value of the first header with this name. The case of `name` does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

impl Decision {
    /// Accepts a request as it is.
    pub fn accept() -> Self {
        Self::Accept(Acceptance::default())
    }

    /// Accepts a request of the user of this name, which has 1 to 256 bytes.
    pub fn accept_user(name: impl Into<String>) -> Self {
        Self::Accept(Acceptance { user: Some(name.into()), ..Acceptance::default() })
    }

    /// Refuses a request with this HTTP status, 400 to 599.
    pub fn refuse(status: u16) -> Self {
        Self::Refuse(Refusal { status, headers: Vec::new(), body: Vec::new() })
    }

    /// Accepts the WebSocket and closes it at once with a code and a reason that a page can read.
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close(Rejection { code, reason: reason.into() })
    }
}

impl Default for Acceptance {
    /// No subprotocol, no user, no headers and no attachment.
    fn default() -> Self {
        Self { subprotocol: None, user: None, headers: Vec::new(), attachment: Vec::new() }
    }
}

/// Carries the state over from one instance to the next.
pub trait Lifecycle: App {
    /// Called before any other handler. `saved` is the latest state that [`snapshot`](Self::snapshot) returned, if any.
    ///
    /// An error refuses the instance: a swap is called off, and a start of the host fails with this message.
    fn on_start(&mut self, reason: StartReason, saved: Option<Saved>) -> Result<(), String>;

    /// Returns the state to keep, at most 16 MiB. Called just before a new release takes over; its effects are dropped.
    fn snapshot(&self) -> Saved;
}

/// Learns when slow clients have caught up.
pub trait Flow: App {
    /// Called when a client that had passed the soft limit has read everything in its queue.
    fn on_drain(&mut self, id: ClientId);
}

/// Learns when clients are away, and when they are back. Only those that ask for a session come back to it; see
/// [`is_online`](crate::is_online). Messages wait for a client that is away, so most apps need neither handler.
pub trait Presence: App {
    /// Called when the connection of a client has broken. `on_line_back` or `on_client_left` follows.
    fn on_line_lost(&mut self, id: ClientId) {
        let _ = id;
    }

    /// Called when the client is back over another connection. Messages that have waited go out before those of this handler.
    fn on_line_back(&mut self, id: ClientId) {
        let _ = id;
    }
}

/// Receives the timers set with [`control::set_timer`](crate::control::set_timer). [Tasks](crate::task) that sleep need it too.
pub trait Timers: App {
    /// Called when a timer is due, with the payload it was set with. Not called for the sleeps of tasks.
    fn on_timer(&mut self, id: TimerId, payload: Vec<u8>) {
        let _ = (id, payload);
    }
}

/// Receives the answers to the requests sent with [`http::fetch`](crate::http::fetch), and those that no [task](crate::task) waits for any
/// more. Tasks that ask need it too.
pub trait Responses: App {
    /// Called when a request has its answer, or has failed: once for each, with the context that it was sent with. Not called for an
    /// answer that a task of this instance awaits.
    fn on_response(&mut self, id: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
        let _ = (id, context, outcome);
    }

    /// Called for each piece of a streamed answer, after [`on_response`](Self::on_response), and a last time at its end. Not called for an
    /// answer that a task of this instance awaits. A stream whose beginning a task of an earlier instance has read goes on here.
    fn on_body(&mut self, id: FetchId, context: Vec<u8>, part: BodyPart) {
        let _ = (id, context, part);
    }
}

/// Receives the messages that other rooms send with [`rooms::send`](crate::rooms::send), and others through the server's API.
pub trait Events: App {
    /// Called when a message has come. If this panics, the message does not come again.
    fn on_event(&mut self, source: Source, message: Message);
}

/// Answers plain HTTP requests: see [`requests`](crate::requests).
pub trait Requests: App {
    /// Called when a request has come. [`requests::respond`](crate::requests::respond) answers it, now or in a later handler.
    fn on_request(&mut self, id: RequestId, request: requests::Request);

    /// Called when a client has read everything of an answer in chunks that had passed the soft limit.
    fn on_request_drained(&mut self, id: RequestId) {
        let _ = id;
    }

    /// Called when a request ends without the end of its answer: its client has gone, or the time to begin it has passed.
    fn on_request_gone(&mut self, id: RequestId) {
        let _ = id;
    }
}
