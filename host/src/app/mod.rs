//! The handlers of an app, and what they get and return.
//!
//! | file | owns |
//! | --- | --- |
//! | `upgrade` | the gate's question and its answer |
//! | `http` | requests to HTTP servers, plain HTTP requests to the app, and the answers to both |
//! | `rooms` | messages to rooms; the rooms, clients and users of a server, as its handle tells them |

pub mod http;
pub mod rooms;
pub mod upgrade;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use crate::fetch::{BodyPart, Failure, Response};
use crate::requests::IncomingRequest;
use crate::room::Room;
pub use crate::room::{
    AttachmentError, CloseError, SendError, SendStatus, Store, StoreError, SubscribeError, TimerError, TimerOptions,
};
pub use crate::store::Usage;
pub use crate::types::{Client, ClientId, CloseCause, CloseInfo, Message, Request};
use rooms::Source;
use upgrade::{Decision, UpgradeRequest};

/// The failure of a handler. For a Wasm guest it is a trap.
///
/// The room drops the handler's effects and the app's instance, closes the client whose input it was with 1011, and starts a
/// fresh instance.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// The export of a guest that failed, such as `on-message`.
    pub handler: Option<String>,
    /// The failure in one line.
    pub message: String,
    /// The end of what a guest has written to stderr in that call, in one line: the words of a panic, for example. The log has them already.
    pub last_words: Option<String>,
    /// The wasm backtrace, if there is one.
    pub backtrace: Option<String>,
}

impl Fault {
    /// A fault without a backtrace.
    pub fn new(message: impl Into<String>) -> Self {
        Self { handler: None, message: message.into(), last_words: None, backtrace: None }
    }

    /// The failure in one line, with the guest's own words.
    pub fn in_full(&self) -> String {
        let Self { message, last_words, .. } = self;
        last_words.as_ref().map_or_else(|| message.clone(), |words| format!("{message}: {words}"))
    }
}

/// The result of a handler.
pub type Outcome = Result<(), Fault>;

/// Why an instance starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartReason {
    /// The room is new.
    Fresh,
    /// A new release takes over from a running one.
    Swap,
    /// The instance before this one failed.
    AfterTrap,
    /// The room had ended in good order and opens again. Nothing has happened in it since the saved state.
    Restored,
    /// The room opens again after an end without a snapshot. The saved state may be older than its store, or missing.
    Recovered,
    /// Another node of the cluster has handed the room over. Nothing has happened in it since the saved state.
    Handover,
    /// The node that had the room is gone. The saved state may be older than the room's store, or missing.
    Failover,
}

/// State that an instance passes to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The app's own name for the format of `data`.
    pub version: String,
    /// The state.
    pub data: Bytes,
}

/// The handlers of a room. Every one has a default that does nothing.
///
/// For each client, `on_new_client` runs once, then `on_message` for each of its messages in their order, then
/// `on_client_left` exactly once. No two handlers of a room run at the same time. A handler may be an `async fn`: while it waits, its
/// room waits with it, and the other rooms of the shard go on.
pub trait App: Sized + 'static {
    /// Whether `on_upgrade` is called to decide which clients may connect.
    const HAS_GATE: bool = false;

    /// Whether `on_request` is called with plain HTTP requests. Otherwise the server answers them itself.
    const ANSWERS_REQUESTS: bool = false;

    /// The instance starts. A fault refuses it.
    fn on_start(&mut self, _room: &mut Room, _reason: StartReason, _saved: Option<Saved>) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A client has connected. It is already a member.
    fn on_new_client(&mut self, _room: &mut Room, _client: &Client) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A client has sent a message.
    fn on_message(&mut self, _room: &mut Room, _from: ClientId, _message: Message) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A client has left. It is no longer a member.
    fn on_client_left(&mut self, _room: &mut Room, _client: ClientId, _info: &CloseInfo) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// Decides about an upgrade request, if the app has a gate.
    fn on_upgrade(&mut self, _room: &mut Room, _request: &UpgradeRequest) -> impl Future<Output = Result<Decision, Fault>> {
        async { Ok(Decision::accept()) }
    }

    /// All bytes queued for a client that had passed the soft limit have been written.
    fn on_drain(&mut self, _room: &mut Room, _client: ClientId) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// The connection of a client with a session has broken. It stays a member, and messages wait for it. `on_line_back` or
    /// `on_client_left` follows.
    fn on_line_lost(&mut self, _room: &mut Room, _client: ClientId) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A client that was away is back over another connection. It gets first what has waited.
    fn on_line_back(&mut self, _room: &mut Room, _client: ClientId) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A timer is due.
    fn on_timer(&mut self, _room: &mut Room, _timer: u64, _payload: Bytes) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A request of `Room::fetch` has its answer, or failed. Called once for each request that is not given up.
    fn on_response(
        &mut self,
        _room: &mut Room,
        _fetch: u64,
        _context: Bytes,
        _outcome: Result<Response, Failure>,
    ) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A part of the body of a streamed answer has come.
    fn on_body(&mut self, _room: &mut Room, _fetch: u64, _context: Bytes, _part: BodyPart) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A message has come: another room has sent it with `Room::send_to_room`, or somebody with `Handle::send_event`.
    fn on_event(&mut self, _room: &mut Room, _source: Source, _message: Message) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A plain HTTP request has come, if the app answers them. `Room::respond` answers it, now or in a later handler. After a fault the
    /// server answers 500.
    fn on_request(&mut self, _room: &mut Room, _request: u64, _asked: IncomingRequest) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A client has read everything of an answer in chunks that had passed the soft limit.
    fn on_request_drained(&mut self, _room: &mut Room, _request: u64) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// A request ends without the end of its answer: its client has gone, or the time to begin it has passed.
    fn on_request_gone(&mut self, _room: &mut Room, _request: u64) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// Returns the state to keep when another instance takes over, or `None` if the app has no state.
    fn snapshot(&mut self, _room: &mut Room) -> impl Future<Output = Result<Option<Saved>, Fault>> {
        async { Ok(None) }
    }
}

/// Names a release in what it has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReleaseId {
    /// The component's file name; for people.
    pub name: Arc<str>,
    /// The SHA-256 of the component, in hexadecimal. It is empty for a native app.
    pub sha256: Arc<str>,
}

/// Makes instances of an app. A clone costs a reference count.
pub(crate) trait Launch: Clone + Send + 'static {
    /// The app that it makes.
    type App: App;

    /// Makes one instance for the room of this name. `App::on_start` follows.
    fn launch(&self, room: &str) -> impl Future<Output = Result<Self::App, Fault>>;

    /// Whether this instance takes batches of messages.
    fn takes_batches(_app: &Self::App) -> bool {
        false
    }

    /// Calls an instance that takes batches with the one that the room has begun: the messages of `Room::next_message`.
    fn on_batch(_app: &mut Self::App, _room: &mut Room) -> impl Future<Output = Outcome> {
        async { Ok(()) }
    }

    /// Checks that the process can take another instance, for a new room or a swap.
    ///
    /// # Errors
    /// Why not, in one line.
    fn check_room(&self) -> Result<(), String> {
        Ok(())
    }

    /// Names the release in what its instances save.
    fn id(&self) -> ReleaseId {
        ReleaseId { name: "native".into(), sha256: "".into() }
    }

    /// Whether `App::on_upgrade` decides about upgrade requests.
    fn has_gate(&self) -> bool {
        false
    }

    /// Whether `App::on_request` answers plain HTTP requests.
    fn answers_requests(&self) -> bool {
        false
    }

    /// Whether `App::on_event` may do something.
    fn takes_events(&self) -> bool {
        true
    }
}
