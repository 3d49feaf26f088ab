//! The state of a server, as people and programs see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::metrics::Totals;
use crate::shard::Counters;
use crate::swap::{History, ReleaseInfo};

/// The state of a server: the running release, and the counts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The version of ws-host.
    #[serde(default)]
    pub version: String,
    /// When the server started, in seconds since 1970.
    #[serde(default)]
    pub started_unix: u64,
    /// The kind of app.
    #[serde(default)]
    pub app: AppKind,
    /// The running release. A native app has none.
    pub release: Option<ReleaseInfo>,
    /// The release that `rollback` goes back to.
    pub previous: Option<ReleaseInfo>,
    /// Rooms that are open: an instance of the app runs for each.
    pub rooms: usize,
    /// Rooms that hibernate: nobody is in them, and their state is kept.
    #[serde(default)]
    pub hibernating: u64,
    /// Clients that are connected, or away.
    pub clients: usize,
    /// Clients among them that have lost their connection, and may come back to their sessions.
    #[serde(default)]
    pub clients_away: usize,
    /// Swaps since the start, rollbacks included.
    pub swaps: u64,
    /// Whether the last of them went back to a release before, by a rollback or after a failed probation.
    #[serde(default)]
    pub went_back: bool,
    /// Failures of the app since the start.
    pub traps: u64,
    /// The message of the last failure, shortened.
    #[serde(default)]
    pub last_trap: Option<String>,
    /// The sums since the start.
    #[serde(default)]
    pub totals: Totals,
    /// Whether new clients are admitted.
    #[serde(default)]
    pub admitting: bool,
    /// Whether the server shuts down.
    #[serde(default)]
    pub draining: bool,
    /// The cluster, if the server is a node of one. All other fields are about this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterStatus>,
}

/// The state of a cluster, as one of its nodes sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterStatus {
    /// The cluster's name.
    pub name: String,
    /// The number of this node. It has none while it joins.
    pub node: Option<u16>,
    /// Whether this node counts on its lease: otherwise its rooms wait until NATS is back.
    pub has_lease: bool,
    /// The rooms of all nodes that have answered.
    pub rooms: usize,
    /// Their clients.
    pub clients: usize,
    /// The nodes that have answered, by number. This one is among them.
    pub nodes: Vec<NodeStatus>,
    /// The numbers of the nodes that have not answered in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u16>,
}

/// The state of one node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    /// Its number.
    pub number: u16,
    /// The sequence of the record that began its life: each life of a number has a higher one.
    pub life: u64,
    /// The rooms that it owns, and that are open.
    pub rooms: usize,
    /// The clients that are connected to it, or away.
    pub clients: usize,
    /// Its release. A native app has none.
    pub release: Option<ReleaseInfo>,
    /// Its version of ws-host.
    pub version: String,
    /// Whether it admits new clients.
    pub admitting: bool,
    /// Whether it shuts down.
    pub draining: bool,
}

/// The kind of app that a server runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AppKind {
    /// A WebAssembly component.
    #[default]
    Component,
    /// A Rust type, or callbacks.
    Native,
}

impl Status {
    /// The state of the app. `history` is that of a component.
    pub(crate) fn of_app(history: Option<History>, counters: &Counters) -> Self {
        let app = if history.is_some() { AppKind::Component } else { AppKind::Native };
        let (swaps, went_back) = history.as_ref().map_or((0, false), |history| (history.swaps, history.went_back));
        let (release, previous) = history.map(|history| (history.release, history.previous.into_iter().next())).unzip();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_unix: 0,
            app,
            release,
            previous: previous.flatten(),
            rooms: counters.rooms(),
            hibernating: counters.hibernating() as u64,
            clients: 0,
            clients_away: 0,
            swaps,
            went_back,
            traps: counters.traps(),
            last_trap: counters.last_trap(),
            totals: Totals::default(),
            admitting: true,
            draining: false,
            cluster: None,
        }
    }
}
