//! The releases of a cluster, at this node.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use ws_cluster::release::{Component, Outcome, ReleaseRecord};

use super::everywhere::{ClusterRelease, ClusterSwap, NodeRelease};
use super::job::{Job, Loaded, What};
use super::keeper::Keeper;
use super::{History, ReleaseInfo, Source, SwapReport};
use crate::cluster::{ClusterReleases, LocalReleases, Node, Start};
use crate::config::ClusterError;
use crate::error::Error;
use crate::shard::Handover;

/// How many failed probations wait for the cluster's thread.
const FAILURES: usize = 16;

/// This node's part in the releases of its cluster.
#[derive(Debug)]
pub(super) struct Following {
    releases: ClusterReleases,
    local: Arc<Local>,
}

/// The keeper, as the cluster sees it.
#[derive(Debug)]
struct Local {
    keeper: Arc<Keeper>,
    jobs: mpsc::Sender<Job>,
    /// The last release that was taken, with its number.
    last: Mutex<Option<(u64, SwapReport)>>,
}

impl Following {
    /// Begins to follow.
    pub(super) fn new(node: &Node, start: Start, keeper: &Arc<Keeper>, jobs: mpsc::Sender<Job>) -> Self {
        let (failures, failed) = mpsc::channel(FAILURES);
        keeper.tell(failures);
        let local = Arc::new(Local { keeper: Arc::clone(keeper), jobs, last: Mutex::default() });
        Self { releases: ClusterReleases::run(node, start, Arc::clone(&local), failed), local }
    }

    /// Swaps all nodes to a component, which is compiled here first.
    pub(super) async fn swap(&self, component: Source, handover: Handover) -> Result<SwapReport, Error> {
        let Loaded { name, sha256, bytes } = self.local.load_source(component).await?;
        let component = Component { sha256: sha256.into(), name: name.into() };
        let outcome = self.releases.swap(component, bytes, handover == Handover::Snapshot).await;
        self.report(outcome.map_err(Error::Cluster)?)
    }

    /// Takes all nodes to the release before.
    pub(super) async fn rollback(&self, handover: Handover) -> Result<SwapReport, Error> {
        let outcome = self.releases.rollback(handover == Handover::Snapshot).await;
        self.report(outcome.map_err(Error::Cluster)?)
    }

    /// The history of the cluster, with the running release and the counts of this node.
    pub(super) fn history(&self, own: History) -> History {
        let mut releases: Vec<_> = self.releases.releases().into_iter().map(info).collect();
        // The running one. While this node has not taken it yet, its own is another.
        releases.pop();
        releases.reverse();
        let nodes = self.releases.reports().iter().map(NodeRelease::of).collect();
        let cluster = Some(ClusterRelease { number: self.releases.number(), nodes });
        History { previous: releases, cluster, ..own }
    }

    fn report(&self, outcome: Outcome) -> Result<SwapReport, Error> {
        let (number, reports, missing) = match outcome {
            Outcome::Done { number, reports, missing } => (number, reports, missing),
            Outcome::CalledOff { reason, by } => {
                return Err(Error::CalledOff { node: by.number, reason: reason.to_string() });
            }
            Outcome::NothingBefore => return Err(Error::NothingToGoBackTo),
            Outcome::Unneeded | Outcome::Unknown => {
                let unknown = "NATS does not answer: look at the status of the nodes before you swap again".to_owned();
                return Err(Error::Cluster(ClusterError(unknown)));
            }
        };
        let nodes = reports.iter().map(NodeRelease::of).collect();
        let missing = missing.iter().map(|life| life.number).collect();
        let last = self.local.last().clone().filter(|(taken, _)| *taken == number);
        let own = last.map(|(_, report)| report).unwrap_or_else(|| {
            let release = self.local.keeper.history().release;
            SwapReport { from: release.clone(), to: release, load_us: 0, swap_us: 0, rooms: Vec::new(), cluster: None }
        });
        Ok(SwapReport { cluster: Some(ClusterSwap { number, nodes, missing }), ..own })
    }
}

impl Local {
    fn last(&self) -> std::sync::MutexGuard<'_, Option<(u64, SwapReport)>> {
        // Only whole values are put into it.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_source(&self, source: Source) -> Result<Loaded, Error> {
        let (answer, outcome) = oneshot::channel();
        self.jobs.send(Job::Load(source, answer)).await.map_err(|_| Error::Stopped)?;
        outcome.await.map_err(|_| Error::Stopped)?
    }

    async fn change(&self, what: What, handover: Handover) -> Result<SwapReport, Error> {
        let (answer, outcome) = oneshot::channel();
        self.jobs.send(Job::Change(what, handover, answer)).await.map_err(|_| Error::Stopped)?;
        outcome.await.map_err(|_| Error::Stopped)?
    }
}

impl LocalReleases for Local {
    fn has(&self, sha256: &str) -> bool {
        self.keeper.has(sha256)
    }

    async fn load(&self, record: ReleaseRecord, bytes: Option<Bytes>) -> Result<(), String> {
        let Some(bytes) = bytes else { return Ok(()) };
        let source = Source::Bytes(record.component.name.to_string(), bytes);
        self.load_source(source).await.map(drop).map_err(|error| error.to_string())
    }

    async fn install(&self, record: ReleaseRecord) -> Result<(u64, u64), String> {
        let handover = if record.keeps_state { Handover::Snapshot } else { Handover::Discard };
        let sha256 = record.component.sha256.to_string();
        let what = if record.is_undo() { What::Undo(sha256) } else { What::Take(sha256) };
        let report = self.change(what, handover).await.map_err(|error| error.to_string())?;
        let clients: usize = report.rooms.iter().map(|room| room.clients).sum();
        let counts = (report.rooms.len() as u64, clients as u64);
        *self.last() = Some((record.number, report));
        Ok(counts)
    }
}

fn info(ReleaseRecord { component, at, .. }: ReleaseRecord) -> ReleaseInfo {
    ReleaseInfo { file: PathBuf::from(component.name.to_string()), sha256: component.sha256.to_string(), since_unix: at }
}
