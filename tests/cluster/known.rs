//! Rooms that exist: each node knows which, whether a node has them open or not.

use super::listed;
use crate::support::Client;
use crate::support::cluster::Cluster;
use crate::support::command;

const NO_LINGER: [&str; 4] = ["--instances", "per-room", "--room-linger", "0s"];

/// A durable room that no node has open. Node 1 had it last.
async fn closes_a_durable_room(cluster: &Cluster, room: &str) {
    let (mut client, _) = cluster.joins(1, room).await;
    assert_eq!(client.asks("keep here yes").await, "ok");
    client.leaves(1000, "").await;
    while listed(cluster, 0, room)["state"] != "asleep" {}
}

/// Waits until a room has counted a message.
async fn has_counted(client: &mut Client) {
    while !client.asks("kept count").await.contains("\"1\"") {}
}

#[tokio::test]
async fn a_message_that_begins_no_room_is_for_rooms_that_exist_anywhere() {
    let cluster = Cluster::with("probe", 2, &NO_LINGER);
    let (mut sender, _) = cluster.joins(0, "/sender").await;
    assert_eq!(sender.asks("tell /nobody hello").await, "no-such-room");
    // One that another node has open, and that has never written.
    let (mut open, _) = cluster.joins(1, "/open").await;
    assert_eq!(sender.asks("tell /open hello").await, "ok");
    assert_eq!(open.hears().await, "event /sender hello");
    closes_a_durable_room(&cluster, "/closed").await;
    assert_eq!(sender.asks("tell /closed count").await, "ok");
    let (mut closed, _) = cluster.joins(1, "/closed").await;
    has_counted(&mut closed).await;
    assert_eq!(sender.asks("tell /nobody hello").await, "no-such-room");
}

#[tokio::test]
async fn the_list_of_rooms_at_each_node_has_durable_ones_that_are_closed_also_after_their_node_has_died() {
    let mut cluster = Cluster::with("probe", 2, &NO_LINGER);
    closes_a_durable_room(&cluster, "/closed").await;
    let (_open, _) = cluster.joins(1, "/open").await;
    for node in 0..2 {
        assert_eq!(listed(&cluster, node, "/open")["state"], "open");
        let closed = listed(&cluster, node, "/closed");
        assert_eq!((closed["state"].as_str(), closed.get("node")), (Some("asleep"), None), "{closed}");
    }
    cluster.kill(1);
    assert_eq!(listed(&cluster, 0, "/closed")["state"], "asleep");
    let third = cluster.add();
    assert_eq!(listed(&cluster, third, "/closed")["state"], "asleep");
    // Until the dead node is buried, it might have the room open.
    let one = || command().args(["rooms", "/closed", "--port"]).arg(cluster.nodes[third].port().to_string()).output();
    while !String::from_utf8_lossy(&one().expect("ws-host starts").stdout).contains("asleep") {}
}

#[tokio::test]
async fn an_event_from_outside_opens_a_durable_room_that_is_closed() {
    let cluster = Cluster::with("probe", 2, &NO_LINGER);
    closes_a_durable_room(&cluster, "/closed").await;
    let send = |room: &str| {
        let port = cluster.nodes[0].port().to_string();
        command().args(["send", "--event", "--room", room, "--port", &port, "count"]).output().expect("ws-host starts")
    };
    let sent = send("/closed");
    assert!(sent.status.success(), "{sent:?}");
    let (mut client, _) = cluster.joins(1, "/closed").await;
    has_counted(&mut client).await;
    assert!(!send("/nobody").status.success());
}
