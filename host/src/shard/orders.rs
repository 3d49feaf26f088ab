//! Orders to rooms, which they follow between two inputs.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::command::Delivery;
use super::probation::Probation;
use super::tally::Tally;
use crate::room::LineId;
use crate::types::ClientId;

/// A change to another release.
#[derive(Clone)]
pub struct Change<L> {
    /// The other release.
    pub next: L,
    /// Whether it gets the state of the running one.
    pub handover: Handover,
    /// Its probation, which begins.
    pub probation: Arc<Probation>,
}

/// Whether the instances of a running release hand their state to those of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// By their `snapshot`.
    Snapshot,
    /// They do not: the next ones start without it.
    Discard,
}

/// Why a room stays with its release.
#[derive(Debug)]
pub enum Refusal {
    /// The next release does not start.
    Start(String),
    /// The running release cannot hand its state over.
    Handover(String),
}

/// An order to all rooms of a shard about their release.
pub enum Order<L> {
    /// Take over the new release, room by room. The first room that refuses ends it; those before it stay swapped.
    Swap(Change<L>, oneshot::Sender<Result<Vec<RoomSwap>, Refusal>>),
    /// Go back to the release before the swap of this probation, with the state saved then. Shards and rooms that took no part in
    /// that swap stay as they are.
    Revert(Arc<Probation>, oneshot::Sender<()>),
    /// The probation has passed: the state kept for a rollback is dropped.
    Settle,
}

impl<L> fmt::Debug for Order<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Swap(..) => "Swap",
            Self::Revert(..) => "Revert",
            Self::Settle => "Settle",
        })
    }
}

/// An order to one room, followed between two inputs.
pub(super) enum RoomOrder<L> {
    /// As `Order::Swap`.
    Swap(Change<L>, oneshot::Sender<Result<RoomSwap, Refusal>>),
    /// As `Order::Revert`.
    Revert(Arc<Probation>, oneshot::Sender<()>),
    /// As `Order::Settle`.
    Settle,
    /// The server shuts down: the room ends, and is kept. Nobody is in it any more.
    End(oneshot::Sender<()>),
    /// Something of the owner's goes to clients of the room.
    Deliver(To, Delivery, Tally),
    /// Somebody asks for the topics of a client.
    Topics(ClientId, oneshot::Sender<Vec<String>>),
}

/// The clients of a room that something of the owner's is for.
pub(super) enum To {
    /// Its members.
    Members,
    /// The subscribers of this topic.
    Topic(Arc<str>),
    /// The clients at the ends of these lines, which belong to the room.
    Lines(Vec<(ClientId, LineId)>),
}

/// How one room changed its release.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct RoomSwap {
    /// The room's name.
    pub room: String,
    /// Its clients, all of which stayed connected.
    pub clients: usize,
    /// How long its inputs waited, in microseconds.
    pub pause_us: u64,
    /// The size of the state that was handed over.
    pub state_bytes: usize,
}
