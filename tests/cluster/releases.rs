//! All nodes run one release of the component.

use crate::support::Client;
use crate::support::cluster::Cluster;

/// The path of a room whose handler waits, which holds up the swap of its node.
const BUSY: &str = "/busy";

/// Three nodes of the first release. The second one has a room that holds up its swap. The third one waits for the second.
async fn three_of_which_the_second_is_busy() -> (Cluster, Client) {
    let cluster = Cluster::with("one", 3, &["--instances", "per-room", "--call-wait", "1h"]);
    let mut busy = Client::connect_to(&cluster.nodes[1], BUSY).await;
    assert_eq!(busy.asks("hello").await, "one hello 1");
    busy.says("wait 3600000").await;
    (cluster, busy)
}

#[tokio::test]
async fn a_node_takes_the_release_of_a_dead_nodes_room_before_it_claims_the_room() {
    let (mut cluster, _busy) = three_of_which_the_second_is_busy().await;
    let mut dead = Client::connect_to(&cluster.nodes[0], "/kept").await;
    assert_eq!(dead.asks("first").await, "one first 1");
    let mut stays = Client::connect_to(&cluster.nodes[2], "/kept").await;
    assert_eq!(stays.asks("second").await, "one second 2");
    let _swap = cluster.swap(0, "two");
    cluster.nodes[0].logs("release 2 of the cluster runs");
    assert_eq!(dead.asks("keep").await, "two keep 3", "the store is written by the second release");
    cluster.kill(0);
    assert_eq!(stays.asks("last").await, "two last 4", "the room opens with the release of its state");
    cluster.nodes[2].logs("a room has a state of release 2 of the cluster: the node takes that one before its turn");
    cluster.nodes[2].logs("release 2 of the cluster runs");
}

#[tokio::test]
async fn a_node_takes_the_release_of_a_room_that_is_handed_over() {
    let (mut cluster, _busy) = three_of_which_the_second_is_busy().await;
    let mut leaves = Client::connect_to(&cluster.nodes[0], "/moved").await;
    let mut stays = Client::connect_to(&cluster.nodes[2], "/moved").await;
    assert_eq!(leaves.asks("first").await, "one first 1");
    let _swap = cluster.swap(0, "two");
    cluster.nodes[0].logs("release 2 of the cluster runs");
    assert_eq!(stays.asks("second").await, "two second 2");
    cluster.stop(0);
    assert_eq!(stays.asks("third").await, "two third 3", "the snapshot is the second release's");
}
