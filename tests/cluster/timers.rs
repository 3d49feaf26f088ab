//! Durable timers of rooms that no client is in: they outlive the node that had the room.

use std::collections::BTreeSet;

use super::listed;
use crate::support::Client;
use crate::support::cluster::Cluster;

/// Rooms that end at once when nobody is in them.
const NO_LINGER: [&str; 4] = ["--instances", "per-room", "--room-linger", "0s"];

/// Opens a room at node 0, with a durable timer. The room is closed when its client has left.
async fn sets_a_timer(cluster: &Cluster, room: &str) -> Client {
    let (mut client, _) = cluster.joins(0, room).await;
    assert!(client.asks(&format!("durable 8000 of {room}")).await.starts_with("ok("));
    client
}

/// Waits until a room is closed.
fn closes(cluster: &Cluster, node: usize, room: &str) {
    while listed(cluster, node, room)["state"] != "asleep" {}
}

/// Waits until a node logs the timers of these rooms, in any order.
fn fires(cluster: &mut Cluster, node: usize, rooms: [&str; 2]) {
    let fired = rooms.map(|_| cluster.nodes[node].logs("timer of /"));
    let fired: BTreeSet<_> =
        fired.iter().filter_map(|line| line.rsplit("room=").next()).map(|room| room.trim().trim_matches('"')).collect();
    assert_eq!(fired, rooms.into());
}

#[tokio::test]
async fn timers_of_open_and_closed_rooms_outlive_the_node_that_set_them() {
    let mut cluster = Cluster::with("probe", 2, &NO_LINGER);
    sets_a_timer(&cluster, "/closed").await.leaves(1000, "").await;
    let _open = sets_a_timer(&cluster, "/open").await;
    closes(&cluster, 0, "/closed");
    cluster.kill(0);
    fires(&mut cluster, 1, ["/closed", "/open"]);
}

#[tokio::test]
async fn timers_outlive_all_nodes() {
    let mut cluster = Cluster::with("probe", 2, &NO_LINGER);
    sets_a_timer(&cluster, "/closed").await.leaves(1000, "").await;
    let _open = sets_a_timer(&cluster, "/open").await;
    closes(&cluster, 1, "/closed");
    (0..2).for_each(|node| cluster.kill(node));
    cluster.replace(0);
    fires(&mut cluster, 0, ["/closed", "/open"]);
}

#[tokio::test]
async fn a_room_that_was_opened_for_its_timer_closes_again_and_a_shutdown_hands_timers_over() {
    let mut cluster = Cluster::with("probe", 2, &NO_LINGER);
    let mut client = sets_a_timer(&cluster, "/a").await;
    cluster.nodes[0].signal("TERM");
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(cluster.nodes[0].ended().success());
    cluster.nodes[1].logs("timer of /a");
    closes(&cluster, 1, "/a");
}
