//! Releases of a guest, and the change from one to another while clients stay connected.
//!
//! A thread of its own, the `Keeper`, follows the requests of `Releases` one after the other. So a caller that gives up leaves no swap
//! half done. For a swap it loads the program, then gives each shard in turn an `Order::Swap`. The shard's
//! `Rooms` starts new rooms with that program, and passes the order to one room after the other. A room follows orders before
//! inputs, so it changes between two handlers (`shard/room_loop/takeover.rs`). It launches the new instance, asks the old one for its
//! `snapshot`, whose effects are rolled back, and calls `on_start(Swap, saved)` of the new one. Only then does the new instance
//! take over. A failure before that leaves the old one running. Only a trap in `snapshot` ends it: a fresh instance of the old
//! release starts. A swap that discards the state (`Handover`) asks for no snapshot. A shard without rooms tries the program on a room without members.
//!
//! A swap does not touch the room's members, client data, topics, timers and mailbox. The room's `Release` keeps the previous one
//! and the state given at the swap, until the probation has passed (`Order::Settle`).
//!
//! - A refusal ends the swap. `Order::Revert` takes back the rooms that took part in it; its `Probation` identifies the swap. The
//!   probation of the swap before then goes on with its time and its count, also for rooms that opened meanwhile or open later.
//! - `Probation` counts the traps of all rooms with the new release. Rooms that opened since go back without state. At the
//!   limit, the keeper reverts all rooms. If the release before is on probation still, that one goes on too.
//! - A rollback is a swap to the previous release, with a fresh snapshot.
//!
//! In a cluster, the swaps of one node are those of all: `Following` has the keeper take what the cluster's records name.
//!
//! | file | owns |
//! | --- | --- |
//! | `keeper` | the releases of this server |
//! | `job` | what the keeper is asked for |
//! | `following` | the releases of a cluster, at this node |
//! | `everywhere` | a swap in the cluster, as people see it |

mod everywhere;
mod following;
mod job;
mod keeper;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;

pub use self::everywhere::{ClusterRelease, ClusterSwap, NodeRelease};
use self::following::Following;
use self::job::{Job, What};
use self::keeper::Keeper;
use crate::cluster::{Node, Start};
use crate::config::{Grants, Limits};
use crate::error::Error;
use crate::guest::{Engine, Program};
use crate::log::printable;
pub use crate::shard::Handover;
use crate::shard::{Order, RoomSwap};
use crate::trace::Tracer;

/// A release, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseInfo {
    /// The component's file, or the name of one that was uploaded.
    #[schema(value_type = String)]
    pub file: PathBuf,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it began to run, in seconds since 1970.
    pub since_unix: u64,
}

impl fmt::Display for ReleaseInfo {
    /// Its file and the first 12 digits of its SHA-256: `chat.wasm (0123456789ab)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{} ({})", printable(&file.to_string_lossy()), self.sha256.get(..12).unwrap_or(&self.sha256))
    }
}

/// The result of a swap.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SwapReport {
    /// The previous release.
    pub from: ReleaseInfo,
    /// The release that runs now.
    pub to: ReleaseInfo,
    /// Reading, checking and compiling, in microseconds. No room waits for it.
    pub load_us: u64,
    /// From the first room's change to the last one's, in microseconds. Each room waits only for its own.
    pub swap_us: u64,
    /// Room by room. In a cluster, those of this node.
    pub rooms: Vec<RoomSwap>,
    /// The other nodes, in a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterSwap>,
}

/// The releases of a server.
#[derive(Debug, Clone)]
pub struct History {
    /// The running release.
    pub release: ReleaseInfo,
    /// Those before it, the last one first.
    pub previous: Vec<ReleaseInfo>,
    /// Swaps since the start, rollbacks included.
    pub swaps: u64,
    /// Whether the last of them went back to a release before, by a rollback or after a failed probation.
    pub went_back: bool,
    /// The release of the cluster that the server is a node of.
    pub cluster: Option<ClusterRelease>,
}

/// The swaps of a server so far.
#[derive(Debug, Clone)]
pub struct SwapNumbers {
    /// The running release.
    pub release: ReleaseInfo,
    /// Swaps and rollbacks that were asked for and done.
    pub done: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Releases that have failed their probation: the server went back by itself.
    pub failed: u64,
}

/// Where a component comes from.
#[derive(Debug)]
pub enum Source {
    /// A file, which the keeper reads.
    File(PathBuf),
    /// Bytes, and a name for them.
    Bytes(String, Bytes),
}

/// The surroundings of each release of a server.
#[derive(Debug)]
pub struct GuestHost {
    /// Compiles components.
    pub engine: Engine,
    /// The server's limits.
    pub limits: Limits,
    /// The grants of guests.
    pub grants: Grants,
    /// Makes the spans of swaps.
    pub tracer: Option<Tracer>,
    /// Where each shard takes orders.
    pub shards: Vec<mpsc::Sender<Order<Program>>>,
}

/// A release that runs, for a server that goes on with it.
#[derive(Debug)]
pub struct Running {
    /// Its file, or its name.
    pub file: PathBuf,
    /// The engine that has compiled it.
    pub engine: Engine,
    /// The program.
    pub program: Program,
}

/// The releases of a server whose app is a component. One swap runs at a time.
#[derive(Debug)]
pub struct Releases {
    keeper: Arc<Keeper>,
    /// Where its thread takes jobs. It starts with the first one.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    /// The cluster whose releases these are.
    cluster: OnceLock<Following>,
}

impl Releases {
    /// The releases of a server that runs `program` from this file.
    pub fn new(host: GuestHost, file: &Path, program: Program) -> Self {
        Self { keeper: Arc::new(Keeper::new(host, file, program)), jobs: Mutex::default(), cluster: OnceLock::new() }
    }

    /// Follows the releases of the cluster of this node, if the server has one. It runs the release of `start`.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn following(self, node: Option<&Node>, start: Option<Start>) -> Result<Self, Error> {
        if let (Some(node), Some(start)) = (node, start) {
            // A server joins one cluster at most.
            let _ = self.cluster.set(Following::new(node, start, &self.keeper, self.jobs()?));
        }
        Ok(self)
    }

    /// Replaces the component by this one, in a cluster on all nodes. Rooms change one after the other, each between two of its inputs.
    /// Once begun, it goes on if the caller gives up.
    ///
    /// # Errors
    /// The component cannot be loaded, or a room refuses it. All rooms then run the old one.
    pub async fn swap(&self, component: Source, handover: Handover) -> Result<SwapReport, Error> {
        match self.cluster.get() {
            Some(following) => following.swap(component, handover).await,
            None => self.order(What::Swap(component), handover).await,
        }
    }

    /// Goes back to the previous release, in a cluster on all nodes.
    ///
    /// # Errors
    /// The running release is the first one, or a room refuses the previous one.
    pub async fn rollback(&self, handover: Handover) -> Result<SwapReport, Error> {
        match self.cluster.get() {
            Some(following) => following.rollback(handover).await,
            None => self.order(What::Rollback, handover).await,
        }
    }

    /// The running release, and those before it: in a cluster, its own.
    pub fn history(&self) -> History {
        let history = self.keeper.history();
        match self.cluster.get() {
            Some(following) => following.history(history),
            None => history,
        }
    }

    /// The running release.
    pub fn running(&self) -> Running {
        self.keeper.running()
    }

    /// The swaps so far.
    pub fn numbers(&self) -> SwapNumbers {
        self.keeper.numbers()
    }

    async fn order(&self, what: What, handover: Handover) -> Result<SwapReport, Error> {
        let (answer, outcome) = oneshot::channel();
        self.jobs()?.send(Job::Change(what, handover, answer)).await.map_err(|_| Error::Stopped)?;
        outcome.await.map_err(|_| Error::Stopped)?
    }

    fn jobs(&self) -> Result<mpsc::Sender<Job>, Error> {
        // Only whole values are put into it.
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jobs) = jobs.as_ref().filter(|jobs| !jobs.is_closed()) {
            return Ok(jobs.clone());
        }
        Ok(jobs.insert(Arc::clone(&self.keeper).start()?).clone())
    }
}
