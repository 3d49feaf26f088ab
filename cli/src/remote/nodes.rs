//! The nodes of a cluster, for people.

use ws_host::api::ReleaseInfo;
use ws_host::api::nodes::{ClusterStatus, NodeStatus};
use ws_host::log::printable;

use super::server::{count, missing_in_words};
use super::table::table;

/// The lines about a cluster that follow those about the server itself.
pub fn cluster_in_words(cluster: &ClusterStatus) -> String {
    let node = cluster.node.map_or_else(|| "this node joins".to_owned(), |node| format!("this is node {node}"));
    let lease = if cluster.has_lease { "" } else { ", which has no lease: its rooms wait for NATS" };
    let (clients, rooms) = (count(cluster.clients, "client"), count(cluster.rooms, "room"));
    let nodes = table(["NODE", "ROOMS", "CLIENTS", "RELEASE", "STATE"], cluster.nodes.iter().map(row));
    format!(
        "\n\ncluster   {} with {clients} and {rooms}; {node}{lease}\n{nodes}{}",
        printable(&cluster.name),
        missing_in_words(&cluster.missing)
    )
}

fn row(node: &NodeStatus) -> [String; 5] {
    let release = node.release.as_ref().map_or_else(|| "native".to_owned(), ReleaseInfo::to_string);
    let state = match node {
        NodeStatus { draining: true, .. } => "draining",
        NodeStatus { admitting: false, .. } => "denies new clients",
        _ => "serves",
    };
    [node.number.to_string(), node.rooms.to_string(), node.clients.to_string(), release, state.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_a_line_and_a_table_of_its_nodes() {
        let node = |number, rooms, clients| NodeStatus {
            number,
            life: 9,
            rooms,
            clients,
            release: None,
            version: "0.1.0".into(),
            admitting: number != 2,
            draining: false,
        };
        let nodes = vec![node(1, 10, 200), node(2, 0, 1)];
        let cluster = ClusterStatus {
            name: "shop".into(),
            node: Some(1),
            has_lease: true,
            rooms: 10,
            clients: 201,
            nodes,
            missing: vec![3],
        };
        let words = "\n\ncluster   shop with 201 clients and 10 rooms; this is node 1\n\
            NODE  ROOMS  CLIENTS  RELEASE  STATE\n\
            1     10     200      native   serves\n\
            2     0      1        native   denies new clients\n\
            node 3 does not answer: its part is missing";
        assert_eq!(cluster_in_words(&cluster), words);
    }
}
