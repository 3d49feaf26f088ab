//! Orders to rooms: to change their release, above all, and what a room reports of that.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use tokio::sync::{Notify, oneshot};

use super::command::Delivery;

/// The time after a swap in which traps count against the new release. Shared by all rooms.
#[derive(Debug)]
pub struct Probation {
    until: Instant,
    max_traps: u32,
    traps: AtomicU32,
    tripped: Notify,
}

impl Probation {
    /// A probation until this time, which `max_traps` traps end early.
    pub fn new(until: Instant, max_traps: u32) -> Arc<Self> {
        Arc::new(Self { until, max_traps, traps: AtomicU32::new(0), tripped: Notify::new() })
    }

    /// Counts a trap of a room.
    pub fn count_trap(&self, now: Instant) {
        if now < self.until && self.traps.fetch_add(1, Relaxed) + 1 == self.max_traps {
            self.tripped.notify_one();
        }
    }

    /// Resolves when there were too many traps. It never resolves if there are too few.
    pub async fn failed(&self) {
        self.tripped.notified().await;
    }

    /// When it ends.
    pub fn until(&self) -> Instant {
        self.until
    }
}

/// An order to all rooms of a shard about their release.
pub enum Order<L> {
    /// Take over the new release, room by room. The first room that refuses ends it; those before it stay swapped.
    Swap(L, Arc<Probation>, oneshot::Sender<Result<Vec<RoomSwap>, String>>),
    /// Go back to this release, the one before the swap of this probation, with the state saved then. Rooms that did
    /// not take part in that swap stay as they are.
    Revert(L, Arc<Probation>, oneshot::Sender<()>),
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
    Swap(L, Arc<Probation>, oneshot::Sender<Result<RoomSwap, String>>),
    /// As `Order::Revert`.
    Revert(Arc<Probation>, oneshot::Sender<()>),
    /// As `Order::Settle`.
    Settle,
    /// Something of the owner's goes to the members, or to the subscribers of a topic.
    Deliver(Option<Arc<str>>, Delivery),
}

/// How one room changed its release.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct RoomSwap {
    /// The room's name.
    pub room: String,
    /// Its clients, all of which stayed connected.
    pub clients: usize,
    /// How long its events waited, in microseconds.
    pub pause_us: u64,
    /// The size of the state that was handed over.
    pub state_bytes: usize,
}
