//! The releases of a cluster, as people see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use ws_cluster::release::{Report, Taking};

/// The release of the cluster that a server is a node of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterRelease {
    /// The number of the release that this server runs.
    pub number: u64,
    /// The report of each node on the last release.
    pub nodes: Vec<NodeRelease>,
}

/// A swap of all nodes of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterSwap {
    /// The number of the release.
    pub number: u64,
    /// The report of each node on it.
    pub nodes: Vec<NodeRelease>,
    /// The numbers of the nodes that have not answered in time. They take the release when they can.
    pub missing: Vec<u16>,
}

/// A release at one node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeRelease {
    /// The number of the node.
    pub node: u16,
    /// The number of the release.
    pub number: u64,
    /// The rooms of the node that changed to it.
    pub rooms: u64,
    /// Their clients.
    pub clients: u64,
    /// Why the node does not run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl NodeRelease {
    /// The release that a node has reported.
    pub(super) fn of(Report { life, number, taking }: &Report) -> Self {
        let (node, number) = (life.number, *number);
        match taking {
            Taking::Taken { rooms, clients } => Self { node, number, rooms: *rooms, clients: *clients, refused: None },
            Taking::Refused(reason) => Self { node, number, rooms: 0, clients: 0, refused: Some(reason.to_string()) },
        }
    }
}
