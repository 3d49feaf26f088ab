//! Releases of a guest, and the change from one to another while clients stay connected.
//!
//! `Releases::swap` loads the program on a thread for blocking work, then gives each shard in turn an `Order::Swap`. The shard's
//! `Rooms` starts new rooms with that program, and passes the order to one room after the other. A room follows orders before
//! inputs, so it changes between two handlers (`shard/room_loop/takeover.rs`). It launches the new instance, asks the old one for its
//! `snapshot`, whose effects are rolled back, and calls `on_start(Swap, saved)` of the new one. Only then does the new instance
//! take over. A failure before that leaves the old one running. Only a trap in `snapshot` ends it: a fresh instance of the old
//! release starts. A shard without rooms tries the program on a room without members.
//!
//! A swap does not touch the room's members, client data, topics, timers and mailbox. The room's `Release` keeps the previous one
//! and the state given at the swap, until the probation has passed (`Order::Settle`).
//!
//! - A refusal ends the swap. `Order::Revert` takes back the rooms that took part in it; its `Probation` identifies the swap. The
//!   probation of the swap before then goes on with its time and its count, also for rooms that opened meanwhile or open later.
//! - `Probation` counts the traps of all rooms with the new release. Rooms that opened since go back without state. At the
//!   limit, `Releases::watch_over` reverts all rooms. If the release before is on probation still, that one goes on too.
//! - A rollback is a swap to the previous release, with a fresh snapshot.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use crate::config::{Grants, Limits};
use crate::error::Error;
use crate::guest::{Engine, Program};
use crate::shard::{Counters, Order, Probation, RoomSwap};

/// A release, as people see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReleaseInfo {
    /// The component's file.
    pub file: PathBuf,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it began to run, in seconds since 1970.
    pub since_unix: u64,
}

/// The result of a swap.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwapReport {
    /// The previous release.
    pub from: ReleaseInfo,
    /// The release that runs now.
    pub to: ReleaseInfo,
    /// Reading, checking and compiling, in microseconds. No room waits for it.
    pub load_us: u64,
    /// From the first room's change to the last one's, in microseconds. Each room waits only for its own.
    pub swap_us: u64,
    /// Room by room.
    pub rooms: Vec<RoomSwap>,
}

/// The release of a server, and what is counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The running release.
    pub release: ReleaseInfo,
    /// The release that `rollback` goes back to.
    pub previous: Option<ReleaseInfo>,
    /// Rooms that exist.
    pub rooms: usize,
    /// Clients that are connected.
    pub clients: usize,
    /// Swaps since the start, rollbacks included.
    pub swaps: u64,
    /// Failures of guests since the start.
    pub traps: u64,
}

#[derive(Debug, Clone)]
struct Release {
    program: Program,
    info: ReleaseInfo,
    /// Its probation, until that has passed.
    probation: Option<Arc<Probation>>,
}

#[derive(Debug)]
struct State {
    current: Release,
    /// The releases before it, the last one at the end.
    before: Vec<Release>,
    swaps: u64,
}

/// How many releases before the running one a server keeps: its probation can fail, and then that of the release before.
const KEPT: usize = 2;

/// The surroundings of each release of a server.
#[derive(Debug)]
pub struct GuestHost {
    /// Compiles components.
    pub engine: Engine,
    /// The server's limits.
    pub limits: Limits,
    /// The grants of guests.
    pub grants: Grants,
    /// The counters of rooms and traps.
    pub counters: Arc<Counters>,
    /// Where each shard takes orders.
    pub shards: Vec<mpsc::Sender<Order<Program>>>,
}

/// The releases of a server whose app is a component. One swap runs at a time.
#[derive(Debug)]
pub struct Releases {
    host: GuestHost,
    /// Held by a swap from its beginning to its end.
    swapping: AsyncMutex<()>,
    /// Never held across an await, so that `status` answers while a swap waits for a room.
    state: Mutex<State>,
}

impl Releases {
    /// The releases of a server that runs `program` from this file.
    pub fn new(host: GuestHost, file: &Path, program: Program) -> Self {
        let state = State { current: Release::new(file, program), before: Vec::new(), swaps: 0 };
        Self { host, swapping: AsyncMutex::new(()), state: Mutex::new(state) }
    }

    /// Replaces the component by the one in this file. Rooms change one after the other, each between two of its inputs.
    ///
    /// # Errors
    /// The component cannot be loaded, or a room refuses it. All rooms then run the old one.
    pub async fn swap(self: &Arc<Self>, file: &Path) -> Result<SwapReport, Error> {
        let _swapping = self.swapping.lock().await;
        let begun = Instant::now();
        let GuestHost { engine, limits, grants, .. } = &self.host;
        let (engine, limits, grants, path) = (engine.clone(), limits.clone(), grants.clone(), file.to_owned());
        let loaded = tokio::task::spawn_blocking(move || Program::load(&engine, &path, &limits, &grants)).await;
        let program = loaded.map_err(|_| Error::Stopped)??;
        self.install(Release::new(file, program), begun).await
    }

    /// Goes back to the previous release, with the state of the running one.
    ///
    /// # Errors
    /// The running release is the first one, or a room refuses the previous one.
    pub async fn rollback(self: &Arc<Self>) -> Result<SwapReport, Error> {
        let _swapping = self.swapping.lock().await;
        let previous = self.state().before.last().cloned().ok_or(Error::NothingToGoBackTo)?;
        self.install(previous.again(), Instant::now()).await
    }

    /// The running release, and what is counted. `clients` is the number of connected clients.
    pub fn status(&self, clients: usize) -> Status {
        let state = self.state();
        Status {
            release: state.current.info.clone(),
            previous: state.before.last().map(|release| release.info.clone()),
            rooms: self.host.counters.rooms(),
            clients,
            swaps: state.swaps,
            traps: self.host.counters.traps(),
        }
    }

    /// The caller holds `swapping`.
    async fn install(self: &Arc<Self>, next: Release, begun: Instant) -> Result<SwapReport, Error> {
        let ready = Instant::now();
        let probation = Probation::new(ready + self.host.limits.probation, self.host.limits.probation_traps);
        let mut rooms = Vec::new();
        for shard in &self.host.shards {
            let (answer, outcome) = oneshot::channel();
            let order = Order::Swap(next.program.clone(), Arc::clone(&probation), answer);
            shard.send(order).await.map_err(|_| Error::Stopped)?;
            match outcome.await.map_err(|_| Error::Stopped)? {
                Ok(swapped) => rooms.extend(swapped),
                Err(reason) => {
                    self.revert(&probation).await;
                    let running = self.state().current.program.name().to_owned();
                    return Err(Error::Refused { name: next.program.name().to_owned(), running, reason });
                }
            }
        }
        let mut state = self.state();
        let from = std::mem::replace(&mut state.current, Release { probation: Some(Arc::clone(&probation)), ..next });
        let (from_info, to) = (from.info.clone(), state.current.info.clone());
        state.before.push(from);
        if state.before.len() > KEPT {
            state.before.remove(0);
        }
        state.swaps += 1;
        tokio::spawn(Arc::clone(self).watch_over(probation));
        Ok(SwapReport { from: from_info, to, load_us: micros(ready - begun), swap_us: micros(ready.elapsed()), rooms })
    }

    /// Waits for the end of a probation, and judges the running release if it is the one on that probation. If a later swap has
    /// replaced it, it is judged when that swap is reverted.
    async fn watch_over(self: Arc<Self>, probation: Arc<Probation>) {
        let _ = tokio::time::timeout_at(probation.until().into(), probation.failed()).await;
        let _swapping = self.swapping.lock().await;
        if self.on_probation().is_some_and(|current| Arc::ptr_eq(&current, &probation)) {
            self.judge().await;
        }
    }

    /// Goes back while the running release has failed its probation, and settles one that has passed. The caller holds `swapping`.
    async fn judge(&self) {
        while let Some(probation) = self.on_probation() {
            if probation.has_failed() && !self.state().before.is_empty() {
                self.go_back(&probation).await;
            } else if probation.has_failed() || probation.until() <= Instant::now() {
                self.state().current.probation = None;
                for shard in &self.host.shards {
                    let _ = shard.send(Order::Settle).await;
                }
            } else {
                return;
            }
        }
    }

    fn on_probation(&self) -> Option<Arc<Probation>> {
        self.state().current.probation.clone()
    }

    /// The running release has failed its probation: every room goes back to the release before.
    async fn go_back(&self, probation: &Arc<Probation>) {
        let Some(previous) = self.state().before.pop() else { return };
        let file = previous.info.file.clone();
        tracing::error!(
            "{} failed too often in its first {:?}: every room goes back to {} and the state that it had at the swap",
            self.state().current.info.file.display(),
            self.host.limits.probation,
            file.display()
        );
        self.revert(probation).await;
        let mut state = self.state();
        state.current = previous.again();
        state.swaps += 1;
        drop(state);
        tracing::info!("every room runs {} again", file.display());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No use can panic between two assignments, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn revert(&self, probation: &Arc<Probation>) {
        for shard in &self.host.shards {
            let (answer, outcome) = oneshot::channel();
            // A shard that has ended has no rooms.
            if shard.send(Order::Revert(Arc::clone(probation), answer)).await.is_ok() {
                let _ = outcome.await;
            }
        }
    }
}

impl Release {
    fn new(file: &Path, program: Program) -> Self {
        let info = ReleaseInfo { file: file.to_owned(), sha256: program.sha256().to_owned(), since_unix: now_unix() };
        Self { program, info, probation: None }
    }

    /// The same release, running from now on.
    fn again(mut self) -> Self {
        self.info.since_unix = now_unix();
        self
    }
}

fn now_unix() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
