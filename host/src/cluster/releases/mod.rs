//! The releases that all nodes run: their records, their components, and this node's part in them.
//!
//! The rules are `ws_cluster::release`; `docs/cluster.md` has the protocol. A task on the node's thread runs them, and has the node's own server
//! follow by [`LocalReleases`].
//!
//! | file | owns |
//! | --- | --- |
//! | `local` | what a node's own server does for the cluster's releases |
//! | `components` | the bytes of components, in the object store |
//! | `stream` | the records of releases, and the reports of nodes |
//! | `watch` | what is new among them |
//! | `start` | the component that a node starts with |
//! | `task` | what happens, and what follows from it |
//! | `view` | the releases, as other threads see them |

mod components;
mod local;
mod start;
mod stream;
mod task;
mod view;
mod watch;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use ws_cluster::release::{Component, Outcome, ReleaseRecord, Report, What, Wish};

use self::components::Components;
use self::task::{Happened, Task};
use self::view::View;
use super::node::Node;
use super::settings::ClusterError;
pub use local::{Failed, LocalReleases};
pub use start::Start;

/// The releases of the cluster, at one of its nodes. A clone costs some reference counts.
#[derive(Debug, Clone)]
pub struct ClusterReleases {
    node: Node,
    happened: mpsc::Sender<Happened>,
    view: View,
}

impl ClusterReleases {
    /// Compares the component of this node with the cluster's release, before the server starts. The first node of a cluster publishes its own. If
    /// `deploys` is true, a component that is new to the cluster becomes the next release once the node runs. Blocks, until NATS has answered.
    ///
    /// # Errors
    /// One line: the cluster runs another component, or NATS does not answer.
    pub fn check_at_start(node: &Node, name: &str, component: &Bytes, deploys: bool) -> Result<Start, ClusterError> {
        start::check(node, name, component, deploys)
    }

    /// Follows the cluster's releases, on the node's thread, until the node ends. `local` runs what `start` says. It tells of releases that fail
    /// their probation by `failures`.
    pub fn run(node: &Node, start: Start, local: Arc<impl LocalReleases>, failures: mpsc::Receiver<Failed>) -> Self {
        let (happened, inbox) = mpsc::channel(64);
        let view = View::default();
        let Start { ledger, running, deploy, .. } = start;
        let task = Task::new(node.clone(), (ledger, running), local, happened.clone(), view.clone());
        node.spawn(task.run(inbox, failures));
        let releases = Self { node: node.clone(), happened, view };
        if let Some((component, bytes)) = deploy {
            node.spawn(start::deploy(releases.clone(), component, bytes));
        }
        releases
    }

    /// The number of the release that this node runs. 0 until it is known.
    pub fn number(&self) -> u64 {
        self.view.get().taken
    }

    /// Waits until this node runs the release of this number, or a later one.
    #[cfg(test)]
    pub async fn reach(&self, number: u64) {
        self.view.until(|seen| seen.taken >= number).await;
    }

    /// Takes all nodes to this component, which this node has compiled. `hash` is the SHA-256 of the bytes.
    ///
    /// # Errors
    /// NATS does not answer.
    pub async fn swap(&self, component: Component, bytes: Bytes, keeps_state: bool) -> Result<Outcome, ClusterError> {
        self.ask(What::Swap(component.clone()), Some((component, bytes)), keeps_state).await
    }

    /// Takes all nodes to the release before the running one.
    ///
    /// # Errors
    /// NATS does not answer.
    pub async fn rollback(&self, keeps_state: bool) -> Result<Outcome, ClusterError> {
        self.ask(What::Rollback, None, keeps_state).await
    }

    /// The releases that are not called off, the running one at the end.
    pub fn releases(&self) -> Vec<ReleaseRecord> {
        self.view.get().releases.clone()
    }

    /// The reports of the living nodes on the last release.
    pub fn reports(&self) -> Vec<Report> {
        let alive = self.node.neighbours().alive();
        self.view.get().reports.iter().filter(|report| alive.contains(&report.life)).cloned().collect()
    }

    async fn ask(&self, what: What, store: Option<(Component, Bytes)>, keeps_state: bool) -> Result<Outcome, ClusterError> {
        if let Some((component, bytes)) = store {
            // A component that a kept record names is there, and stays.
            if !self.view.get().names.contains(&component.sha256) {
                Components::of(self.node.core()).put(&component, &bytes).await?;
            }
        }
        let at = now_unix();
        let (answer, outcome) = oneshot::channel();
        let wanted = Happened::Wanted(Wish { what, keeps_state, at }, answer);
        let over = || ClusterError("the node has left its cluster".into());
        self.happened.send(wanted).await.map_err(|_| over())?;
        outcome.await.map_err(|_| over())?
    }
}

fn now_unix() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
