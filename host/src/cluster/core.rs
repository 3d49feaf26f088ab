//! The parts of a node that its tasks share.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use ws_cluster::directory::Directory;
use ws_cluster::{Life, Neighbours, Stop, Timing};

use super::asking::Handler;
use super::chain::Chains;
use super::hold::Hold;
use super::inboxes::Inboxes;
use super::link::Link;
use super::names::Names;
use super::news::News;
use super::present::Present;
use super::purges::Purges;
use super::records::Records;
use super::sending::Outgoing;
use super::sight::Sight;

/// The node, for its tasks and for its clones on other threads.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) names: Names,
    pub(super) replicas: u8,
    pub(super) timing: Timing,
    pub(super) link: Link,
    pub(super) records: Records,
    pub(super) inboxes: Inboxes,
    pub(super) hold: Hold,
    pub(super) present: Present,
    /// The sequence of the last record of the present life that is known to be stored.
    pub(super) renewed: AtomicU64,
    pub(super) outgoing: Outgoing,
    pub(super) purges: Purges,
    pub(super) handler: RwLock<Option<Handler>>,
    pub(super) is_draining: AtomicBool,
    /// The server ends, and the node with it.
    pub(super) leaving: CancellationToken,
    /// The node has ended.
    pub(super) left: CancellationToken,
    /// A shard has found that NATS has forgotten records.
    pub(super) restored: Notify,
    /// The ends of the last blocks of client ids that this process has reserved, by the numbers of its lives.
    reserved: Mutex<BTreeMap<u16, u64>>,
    runtime: Handle,
    current: RwLock<Option<Arc<Alive>>>,
    neighbours: RwLock<Arc<Neighbours>>,
    directory: Mutex<Directory>,
}

/// A life of the node, while it goes on.
#[derive(Debug)]
pub(super) struct Alive {
    pub(super) life: Life,
    pub(super) sight: Arc<Sight>,
    pub(super) over: CancellationToken,
    /// Counts the claims of the life.
    pub(super) attempts: AtomicU64,
    /// The first of the block of client ids that is reserved before the life begins; 0 once it is taken.
    pub(super) first_ids: AtomicU64,
    rooms: Mutex<Rooms>,
}

/// The rooms that the node has to do with.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// The node looks for their owners.
    pub(super) sought: HashSet<Arc<str>>,
    pub(super) owned: HashMap<Arc<str>, Owned>,
    /// Rooms that could not open, and when that may be tried again.
    pub(super) shut: HashMap<Arc<str>, Instant>,
}

/// A room of this node.
#[derive(Debug, Clone, Default)]
pub(super) struct Owned {
    pub(super) epoch: u64,
    /// The sequence of its last stored record.
    pub(super) last: u64,
    /// Whether it has ever written.
    pub(super) is_durable: bool,
    /// Whether its owner gives it up: it is open no longer than that takes.
    pub(super) is_closing: bool,
    /// The pieces of the record that is on its way.
    pub(super) on_the_way: Option<InPieces>,
    /// The last stored whole record: its sequence, and that of its first piece.
    pub(super) whole: Option<(u64, u64)>,
}

/// A record whose pieces are stored.
#[derive(Debug, Clone)]
pub(super) struct InPieces {
    pub(super) hash: [u8; 32],
    pub(super) head: bytes::Bytes,
    pub(super) first: u64,
}

/// The parts that the node's thread has at its start.
pub(super) struct Parts {
    pub(super) names: Names,
    pub(super) replicas: u8,
    pub(super) link: Link,
    pub(super) inboxes: Inboxes,
    pub(super) outgoing: Outgoing,
    pub(super) purges: Purges,
    pub(super) runtime: Handle,
    pub(super) left: CancellationToken,
}

impl Core {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { names, replicas, link, inboxes, outgoing, purges, runtime, left } = parts;
        let timing = Timing::default();
        Self {
            names,
            replicas,
            timing,
            records: Records::new(link.clone()),
            link,
            inboxes,
            hold: Hold::default(),
            present: Present::default(),
            renewed: AtomicU64::new(0),
            outgoing,
            purges,
            handler: RwLock::default(),
            is_draining: AtomicBool::new(false),
            leaving: CancellationToken::new(),
            left,
            restored: Notify::new(),
            reserved: Mutex::default(),
            runtime,
            current: RwLock::default(),
            neighbours: RwLock::new(Arc::new(Neighbours::new(timing))),
            directory: Mutex::default(),
        }
    }

    pub(super) fn current(&self) -> Option<Arc<Alive>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn neighbours(&self) -> Arc<Neighbours> {
        Arc::clone(&self.neighbours.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The durable rooms. The lock is held for a look or a change.
    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ends of the last blocks of client ids that this process has reserved.
    pub(super) fn reserved(&self) -> MutexGuard<'_, BTreeMap<u16, u64>> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn chains(&self) -> Chains<'_> {
        Chains { link: &self.link, names: &self.names, records: &self.records }
    }

    /// Runs a task on the thread of the node.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(task));
    }

    /// Runs a task on the thread of the node, for as long as this life goes on.
    pub(super) fn spawn_for(&self, alive: &Arc<Alive>, task: impl Future<Output = ()> + Send + 'static) {
        let over = alive.over.clone();
        self.spawn(async move {
            over.run_until_cancelled(task).await;
        });
    }

    /// A life begins, with this block of client ids.
    pub(super) fn begin(&self, life: Life, sight: &Arc<Sight>, first_ids: u64) -> Arc<Alive> {
        let alive = Arc::new(Alive {
            life,
            sight: Arc::clone(sight),
            over: CancellationToken::new(),
            attempts: AtomicU64::new(0),
            first_ids: AtomicU64::new(first_ids),
            rooms: Mutex::default(),
        });
        let neighbours = self.publish(sight);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&alive));
        self.inboxes.tell_all(|| News::Begun(life, Arc::clone(&neighbours)));
        alive
    }

    /// The present life is over.
    pub(super) fn end(&self, stop: Stop) {
        if self.forget() {
            self.inboxes.tell_all(|| News::Over(stop));
        }
    }

    /// The node has ended, as the last thing of the server.
    pub(super) fn quit(&self) {
        self.forget();
        self.left.cancel();
    }

    fn forget(&self) -> bool {
        self.hold.set(None);
        self.renewed.store(0, Ordering::Relaxed);
        let alive = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(alive) = &alive {
            alive.over.cancel();
        }
        alive.is_some()
    }

    /// Shows the records of nodes to the shards.
    pub(super) fn show(&self, sight: &Sight) {
        if self.current().is_some() {
            let neighbours = self.publish(sight);
            self.inboxes.tell_all(|| News::Seen(Arc::clone(&neighbours)));
        }
    }

    /// Shows them, unless the shards have seen the records up to here.
    pub(super) fn show_until(&self, sight: &Sight, sequence: u64) {
        if self.neighbours().view() < sequence {
            self.show(sight);
        }
    }

    fn publish(&self, sight: &Sight) -> Arc<Neighbours> {
        let neighbours = sight.snapshot();
        *self.neighbours.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&neighbours);
        neighbours
    }

    /// Whether the node leaves: it claims nothing more.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Whether the node may claim rooms now.
    pub(super) fn may_claim(&self) -> bool {
        self.hold.is_held(super::clock::now()) && !self.is_draining.load(Ordering::Relaxed)
    }
}

impl Alive {
    pub(super) fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }
}
