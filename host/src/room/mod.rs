//! A room as its app sees it: the members, what they carry, and the effects that a handler stages.
//!
//! Nothing in here does I/O. A handler's sends and closes wait in `staged` and its changes to the room's own
//! tables are journalled; the shard applies the one and forgets the other when the handler has returned, or
//! rolls both back when it failed.

mod clients;
mod journal;
mod member;
mod staged;
#[cfg(test)]
mod tests;
mod timers;
mod topics;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::types::ClientId;

use journal::Journal;
pub use member::{LineId, Member};
pub use staged::{Effect, Frame, SHARED_FROM_BYTES, Staged, Target};
pub use timers::{TimerError, Timers};
pub use topics::SubscribeError;

/// What the room's tables and one handler may hold.
#[derive(Debug, Clone, Copy)]
pub struct RoomLimits {
    /// Payload bytes of one outgoing message.
    pub max_message_bytes: usize,
    /// Bytes waiting for a client from which `send` answers `backpressure`.
    pub outbox_soft_bytes: usize,
}

/// What became of a message that was accepted for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendStatus {
    /// It will go out when the handler has returned.
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
/// **Effects are all or nothing**: what a handler sends, closes and changes takes effect, in that order, when it
/// returns `Ok`. If it fails, none of it does.
///
/// A room is one pointer; while a Wasm guest's call runs, the guest's store holds what it points to.
#[derive(Debug, Default)]
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
    /// Apart from the members, since most apps give nothing.
    luggage: BTreeMap<ClientId, Luggage>,
    /// Who is leaving while `on_client_left` runs: no member any more, but `client` and `attachment` know it.
    leaver: Option<Leaver>,
    topics: topics::Topics,
    timers: Timers,
    admitting: bool,
    /// What `admitting` was before this handler, if it has changed it.
    admitting_before: Option<bool>,
    staged: Staged,
    journal: Journal,
}

/// What the app has given to a client: something attached, and topics.
#[derive(Debug, Default)]
struct Luggage {
    attachment: Bytes,
    /// Whether the journal knows what it was before this handler.
    attachment_is_journalled: bool,
    topics: Vec<Arc<str>>,
}

/// Who has left, with what it had.
#[derive(Debug)]
struct Leaver {
    member: Arc<Member>,
    luggage: Option<Luggage>,
}

impl Room {
    /// An empty room. `name` is how log lines call it.
    pub(crate) fn new(name: &str, limits: RoomLimits) -> Self {
        Self {
            state: Some(Box::new(State {
                name: name.into(),
                limits,
                members: BTreeMap::new(),
                joined: 0,
                luggage: BTreeMap::new(),
                leaver: None,
                topics: topics::Topics::default(),
                timers: Timers::default(),
                admitting: true,
                admitting_before: None,
                staged: Staged::default(),
                journal: Journal::default(),
            })),
        }
    }

    /// The room's name, as log lines call it.
    pub fn name(&self) -> &str {
        &self.state().name
    }

    /// Makes a newcomer a member. To be called before its `on_new_client`.
    pub(crate) fn join(&mut self, member: Arc<Member>) {
        let state = self.state_mut();
        state.joined += 1;
        member.set_join_number(state.joined);
        state.members.insert(member.client.id, member);
    }

    /// Takes a member out, and out of its topics. To be called before its `on_client_left`.
    /// Answers false if it was no member, so that nobody leaves twice.
    pub(crate) fn leave(&mut self, id: ClientId) -> bool {
        let state = self.state_mut();
        let Some(member) = state.members.remove(&id) else { return false };
        let luggage = state.luggage.remove(&id);
        for topic in luggage.iter().flat_map(|luggage| &luggage.topics) {
            state.topics.remove(topic, id);
        }
        state.leaver = Some(Leaver { member, luggage });
        true
    }

    /// The line of a member that has one.
    pub(crate) fn line(&self, id: ClientId) -> Option<LineId> {
        self.state().members.get(&id)?.line()
    }

    /// Whether this member's messages are to be delivered: it is one, and the app has not closed it.
    pub(crate) fn hears(&self, id: ClientId) -> bool {
        self.state().members.get(&id).is_some_and(|member| !member.is_closed_by_app())
    }

    /// Forgets who left. To be called after `on_client_left`.
    pub(crate) fn forget_leaver(&mut self) {
        self.state_mut().leaver = None;
    }

    /// The members, in the order in which they came.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.state().members.values()
    }

    /// The timers that are set.
    pub(crate) fn timers_mut(&mut self) -> &mut Timers {
        &mut self.state_mut().timers
    }

    /// Hands out what the handler has staged, and makes its changes to the room's tables final. The caller
    /// applies the effects in order and gives the emptied buffers back with `reuse`.
    pub(crate) fn commit(&mut self) -> Staged {
        let state = self.state_mut();
        state.settle();
        std::mem::take(&mut state.staged)
    }

    /// Gives staging buffers back for the next handler, so that they are allocated once.
    pub(crate) fn reuse(&mut self, mut staged: Staged) {
        staged.clear();
        self.state_mut().staged = staged;
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
