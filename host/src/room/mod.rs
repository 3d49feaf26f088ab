//! A room as its app sees it: the members, what they carry, and the turn of the handler that runs.
//!
//! Nothing in here does I/O. A handler's outputs and its changes of the room's tables are one `Turn`. When the handler has returned, the
//! turn is committed: the changes are final, and the shard makes the outputs visible. When it has failed, the turn is dropped and the
//! changes are undone.
//!
//! | file | owns |
//! | --- | --- |
//! | `member` | a client in a room: its identity, what waits for it, its line |
//! | `clients` | the contract's `clients` interface |
//! | `control` | the contract's `control` interface |
//! | `asking` | requests to HTTP servers: the contract's `http` interface |
//! | `fetches` | the table of those without an answer |
//! | `sending` | messages to other rooms: the contract's `rooms` interface |
//! | `responding` | answers to plain HTTP requests: the contract's `replies` interface |
//! | `asked` | the table of such requests whose answer is not complete |
//! | `traced` | the spans of handlers and clients
//! | `topics` | the contract's `topics` interface |
//! | `groups` | clients by name: the subscribers of topics, the members of users |
//! | `timers` | the table of timers |
//! | `durable` | timers that outlive the instance and the hibernation of the room |
//! | `dormant` | the kept parts of a closed room |
//! | `store` | what the app keeps: the contract's `store` interface |
//! | `effect` | one output of a handler |
//! | `turn` | all that one handler has done |
//! | `batch` | messages that one call of the app handles |
//! | `mark` | how much of a turn belongs to earlier handlers |
//! | `undo` | how one change is undone |
//! | `writes` | the writes to the store as a part of the turn |
//! | `commit` | the end of a turn |
//! | `held` | turns whose outputs wait for the journal |

mod asked;
mod asking;
mod batch;
mod clients;
mod commit;
mod control;
mod dormant;
mod durable;
mod effect;
mod fetches;
mod groups;
mod held;
mod mark;
mod member;
mod responding;
mod sending;
mod store;
#[cfg(test)]
mod tests;
mod timers;
mod topics;
mod traced;
mod turn;
mod undo;
mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::config::Limits;
use crate::types::ClientId;

use asked::AskedRequests;
use batch::Batch;
pub(crate) use batch::{Ended, Waiting};
pub(crate) use clients::MAX_ATTACHMENT_BYTES;
pub use dormant::Dormant;
pub use effect::{Acceptance, Decision, Effect, Frame, Refusal, Reply, ReplyPart, Target, UpgradeId};
use fetches::Fetches;
use groups::Groups;
pub use held::Held;
pub use member::{LineId, Member};
use sending::Sending;
pub use sending::{RoomOptions, RoomsError};
use store::Contents;
pub use store::{Backing, Done, Journal, JournalError, Opened, Reading, Rows, Store, StoreError, Stores, Total};
pub use timers::{TimerError, TimerOptions, Timers};
pub use topics::SubscribeError;
use traced::Traced;
pub use turn::{COPIED_UP_TO_BYTES, Turn};

/// The limits of the room's tables and of one handler.
#[derive(Debug, Clone, Copy)]
pub struct RoomLimits {
    /// Payload bytes of one outgoing message.
    pub max_message_bytes: usize,
    /// Bytes waiting for a client from which `send` answers `backpressure`.
    pub outbox_soft_bytes: usize,
    /// Bytes of the body of an answer to a plain HTTP request.
    pub max_response_bytes: usize,
}

impl From<&Limits> for RoomLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            max_message_bytes: limits.max_message_bytes,
            outbox_soft_bytes: limits.outbox_soft_bytes,
            max_response_bytes: limits.max_response_bytes,
        }
    }
}

/// The state of a message that was accepted for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendStatus {
    /// It goes out when the handler has returned.
    Queued,
    /// The same, but more than the soft limit now waits for this client.
    Backpressure,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No client of this room has that id.
    #[error("no client of this room has that id")]
    NoSuchClient,
    /// The client's connection is closing.
    #[error("the client's connection is closing")]
    Closing,
    /// The message is larger than one message may be.
    #[error("the message is larger than the limit for one message")]
    TooBig,
    /// This handler has staged as much as one handler may.
    #[error("this handler has staged as much as one handler may")]
    Limit,
}

/// Why a `close` was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// No client of this room has that id.
    #[error("no client of this room has that id")]
    NoSuchClient,
    /// The code may not be sent (RFC 6455 §7.4).
    #[error("the close code may not be sent (RFC 6455 §7.4)")]
    InvalidCode,
    /// The reason is longer than 123 bytes (RFC 6455 §5.5).
    #[error("the reason is longer than 123 bytes")]
    ReasonTooLong,
}

/// Why an attachment was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// No client of this room has that id.
    #[error("no client of this room has that id")]
    NoSuchClient,
    /// It is larger than 16 KiB.
    #[error("the attachment is larger than 16 KiB")]
    TooBig,
}

/// The room that a handler works on: its members, and what can be done with them.
///
/// **A turn is all or nothing**: the sends, closes and changes of a handler take effect, in that order, when it returns `Ok`.
/// If it fails, none of it does.
///
/// A room is one pointer; while a Wasm guest's call runs, the guest's store holds what it points to. There is no public way
/// to make a room, so that an app cannot take this one away and leave another in its place.
#[derive(Debug)]
pub struct Room {
    state: Option<Box<State>>,
}

#[derive(Debug)]
struct State {
    name: Arc<str>,
    limits: RoomLimits,
    members: BTreeMap<ClientId, Arc<Member>>,
    /// How many clients have joined so far.
    joined: u64,
    /// Whether the order of the members' ids is the order in which they joined. It need not be: ids of several nodes, and clients whose
    /// first message is awaited.
    joined_by_id: bool,
    /// Kept apart from the members, since most apps attach nothing.
    client_data: BTreeMap<ClientId, ClientData>,
    /// The client that is leaving while `on_client_left` runs. It is no member any more, but `client` and `attachment` know it.
    leaver: Option<Leaver>,
    topics: Groups,
    /// The members of each user that the gate has named.
    users: Groups,
    timers: Timers,
    fetches: Fetches,
    sending: Sending,
    asked: AskedRequests,
    contents: Contents,
    /// The traces of a room whose server has a tracer.
    traced: Option<Box<Traced>>,
    admitting: bool,
    /// In a cluster: the members whose attachments or topics have changed.
    changed: Option<Vec<ClientId>>,
    /// The turn of the running handler. Boxed, since it changes hands at each commit.
    turn: Box<Turn>,
    /// An empty turn, whose buffers the next one uses.
    spare_turn: Option<Box<Turn>>,
    /// Messages that one call of the app handles.
    batch: Batch,
    clock: fn() -> Instant,
}

/// Data of a client for the app: an attachment, and topics.
#[derive(Debug, Default)]
struct ClientData {
    attachment: Bytes,
    /// Whether the undo log has the attachment from before this handler.
    attachment_is_logged: bool,
    topics: Vec<Arc<str>>,
}

/// A client that has left, with what it carried.
#[derive(Debug)]
struct Leaver {
    member: Arc<Member>,
    client_data: Option<ClientData>,
}

impl Room {
    /// An empty room. Log lines call it by its name.
    pub(crate) fn new(name: &str, limits: RoomLimits, clock: fn() -> Instant) -> Self {
        Self {
            state: Some(Box::new(State {
                name: name.into(),
                limits,
                clock,
                members: BTreeMap::new(),
                joined: 0,
                joined_by_id: true,
                client_data: BTreeMap::new(),
                leaver: None,
                topics: Groups::default(),
                users: Groups::default(),
                timers: Timers::default(),
                fetches: Fetches::default(),
                sending: Sending::default(),
                asked: AskedRequests::default(),
                contents: Contents::default(),
                traced: None,
                admitting: true,
                changed: None,
                turn: Box::default(),
                spare_turn: None,
                batch: Batch::default(),
            })),
        }
    }

    /// A `Room` without state. `mem::swap` puts a room into it. Its other methods panic.
    pub(crate) const fn vacant() -> Self {
        Self { state: None }
    }

    /// The same room without anybody and anything in it.
    pub(crate) fn emptied(&self) -> Self {
        let state = self.state();
        let mut emptied = Self::new(&state.name, state.limits, state.clock);
        emptied.timers_mut().wall_clock = state.timers.wall_clock;
        emptied.state_mut().fetches = state.fetches.emptied();
        emptied.state_mut().sending = state.sending.emptied();
        emptied.state_mut().changed = state.changed.as_ref().map(|_| Vec::new());
        emptied.state_mut().traced = state.traced.as_ref().map(|traced| traced.emptied());
        emptied
    }

    /// Gives the room its store, before the first handler runs.
    pub(crate) fn set_store(&mut self, contents: Contents) {
        self.state_mut().contents = contents;
    }

    /// The journal of the room's store, if it has one.
    pub(crate) fn journal(&self) -> Option<&Arc<dyn Backing>> {
        self.state().contents.journal()
    }

    /// The room's name, as log lines have it.
    pub fn name(&self) -> &str {
        &self.state().name
    }

    /// Makes a client a member with this attachment, before its `on_new_client`.
    pub(crate) fn join(&mut self, member: Arc<Member>, attachment: Bytes) {
        let next = self.state().joined + 1;
        self.join_as(member, next, attachment);
    }

    /// The same, with this number in the order of joins.
    pub(crate) fn join_as(&mut self, member: Arc<Member>, number: u64, attachment: Bytes) {
        let state = self.state_mut();
        state.joined = state.joined.max(number);
        member.set_join_number(number);
        let id = member.client.id;
        let is_last = state.members.last_key_value().is_none_or(|(last, _)| *last < id);
        state.joined_by_id = is_last && (state.joined_by_id || state.members.is_empty());
        if let Some(user) = member.client.user() {
            state.users.add(user, id);
        }
        if !attachment.is_empty() {
            state.client_data.entry(id).or_default().attachment = attachment;
        }
        state.members.insert(id, member);
    }

    /// Removes a member, from its topics and its user too, before its `on_client_left`. Returns false if it was no member: a client leaves once.
    pub(crate) fn leave(&mut self, id: ClientId) -> bool {
        let state = self.state_mut();
        let Some(member) = state.members.remove(&id) else { return false };
        let client_data = state.client_data.remove(&id);
        for topic in client_data.iter().flat_map(|data| &data.topics) {
            state.topics.remove(topic, id);
        }
        if let Some(user) = member.client.user() {
            state.users.remove(user, id);
        }
        if let Some(traced) = &mut state.traced {
            traced.leave(id);
        }
        state.leaver = Some(Leaver { member, client_data });
        true
    }

    /// A member of before is in the room: it has moved to this node, or has lost its other members.
    pub(crate) fn rejoin(&mut self, member: Arc<Member>, number: u64, (attachment, topics): (Bytes, &[String])) {
        let id = member.client.id;
        self.join_as(member, number, attachment);
        topics.iter().for_each(|topic| self.state_mut().subscribe(id, topic));
    }

    /// From now on the room notes which members have changed.
    pub(crate) fn track_changes(&mut self) {
        self.state_mut().changed = Some(Vec::new());
    }

    /// Notes that a member is away, or back.
    pub(crate) fn note_moved(&mut self, id: ClientId) {
        self.state_mut().note_changed(id);
    }

    /// Takes the members whose attachments or topics have changed.
    pub(crate) fn take_changed(&mut self) -> Vec<ClientId> {
        let mut changed = self.state_mut().changed.as_mut().map(std::mem::take).unwrap_or_default();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// The line of a member that has one.
    pub(crate) fn line(&self, id: ClientId) -> Option<LineId> {
        self.state().members.get(&id)?.line()
    }

    /// Whether messages of this client are to be handled: it is a member that the app has not closed, and no handler has failed on its
    /// input.
    pub(crate) fn hears(&self, id: ClientId) -> bool {
        self.state().hears(id)
    }

    /// Whether messages to this client still go out. Of a client that has gone, the room may not know yet.
    pub(crate) fn reaches(&self, id: ClientId) -> bool {
        self.state().members.get(&id).is_some_and(|member| member.open_line().is_some())
    }

    /// A handler has failed on an input of this member or leaver, which is heard no more. False if one has failed before.
    pub(crate) fn blame(&mut self, id: ClientId) -> bool {
        let is_first = self.state().known(id).is_none_or(|member| member.blame());
        self.state_mut().note_changed(id);
        is_first
    }

    /// Forgets the leaver, after its `on_client_left`.
    pub(crate) fn forget_leaver(&mut self) {
        self.state_mut().leaver = None;
    }

    /// The members, in the order of their ids.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.state().members.values()
    }

    /// The timers that are set.
    pub(crate) fn timers_mut(&mut self) -> &mut Timers {
        &mut self.state_mut().timers
    }

    fn state(&self) -> &State {
        self.state.as_deref().expect("a room is empty only while the guest's store holds its state, and then nobody else asks it")
    }

    fn state_mut(&mut self) -> &mut State {
        self.state
            .as_deref_mut()
            .expect("a room is empty only while the guest's store holds its state, and then nobody else asks it")
    }
}
