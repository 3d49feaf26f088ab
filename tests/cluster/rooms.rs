//! A room at another node is as it is at the same one: its gate, attachments, topics, users, limits and messages to other rooms.

use super::answer;
use crate::support::cluster::Cluster;
use crate::support::http::{Raw, ask, upgrade};
use crate::support::{Client, refusal};

#[tokio::test]
async fn the_gate_of_the_owner_decides_at_each_node() {
    let mut cluster = Cluster::of("probe", 2);
    let (mut inside, _) = cluster.joins(0, "/").await;
    let status = |path: &str| ask(&cluster.nodes[1].address, &upgrade(path, &[])).status;
    assert_eq!([status("/refuse"), status("/refuse/404"), status("/refuse-badly")], [418, 404, 500]);
    let mut closed = Client::connect_to(&cluster.nodes[1], "/close").await;
    assert_eq!(closed.is_closed().await, (4001, "not you".to_owned()));
    let (named, response) = Client::connect_with(&cluster.nodes[1], "/user/ann", &[]).await;
    assert_eq!(response.headers()["x-user"], "ann");
    let (_named, id) = named.has_joined().await;
    assert_eq!(inside.hears().await, format!("joined {id}"));
    assert!(inside.asks(&format!("get {id}")).await.contains("path=/user/ann"));
    assert_eq!(inside.asks("of-user ann").await, format!("[{id}]"));
    assert_eq!(inside.asks(&format!("attachment {id}")).await, "Some(\"ann of the gate\")");
    assert_eq!(refusal(&cluster.nodes[1], "/panic", &[]).await, 500);
    cluster.nodes[0].logs("told to panic in the gate");
}

#[tokio::test]
async fn attachments_and_topics_are_those_of_the_room() {
    let cluster = Cluster::of("probe", 2);
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_eq!(one.hears().await, format!("joined {second}"));
    assert_eq!(two.asks(&format!("attach {second} mine")).await, "ok");
    assert_eq!(one.asks(&format!("attachment {second}")).await, "Some(\"mine\")");
    assert_eq!(one.asks(&format!("attach {second} theirs")).await, "ok");
    assert_eq!(two.asks(&format!("attachment {second}")).await, "Some(\"theirs\")");
    assert_eq!([one.asks("subscribe news").await, two.asks("subscribe news").await], ["ok", "ok"]);
    assert_eq!(two.asks("subscribers news").await, format!("[{first}, {second}]"));
    one.says("publish news hello").await;
    let mut heard = [one.hears().await, one.hears().await];
    heard.sort();
    assert_eq!((heard, two.hears().await), (["hello".to_owned(), "ok".to_owned()], "hello".to_owned()));
    two.leaves(1000, "").await;
    assert!(one.hears().await.starts_with(&format!("left {second}")));
    assert_eq!(one.asks("subscribers news").await, format!("[{first}]"));
}

#[tokio::test]
async fn a_room_is_full_for_all_nodes_at_once() {
    let cluster = Cluster::with("probe", 2, &["--max-room-clients", "2"]);
    let (mut one, _) = cluster.joins(0, "/").await;
    let (two, second) = cluster.joins(1, "/").await;
    for node in &cluster.nodes {
        assert_eq!(refusal(node, "/", &[]).await, 503);
    }
    two.leaves(1000, "").await;
    assert_eq!(one.hears().await, format!("joined {second}"));
    assert!(one.hears().await.starts_with(&format!("left {second}")));
    cluster.joins(1, "/").await;
}

#[tokio::test]
async fn a_client_of_another_node_is_closed_with_the_rooms_code() {
    let cluster = Cluster::of("probe", 2);
    let (mut one, _) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_eq!(one.hears().await, format!("joined {second}"));
    assert!(one.asks(&format!("close {second} 4000 out")).await.starts_with("ok"));
    assert_eq!(two.is_closed().await, (4000, "out".to_owned()));
    assert!(one.hears().await.starts_with(&format!("left {second}: 4000 \"out\"")));
}

#[tokio::test]
async fn a_trap_at_the_owner_closes_the_client_that_caused_it_and_nobody_else() {
    let cluster = Cluster::of("probe", 2);
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    two.says("panic").await;
    assert_eq!(two.is_closed().await.0, 1011);
    assert_eq!(one.hears().await, format!("joined {second}"));
    assert!(one.hears().await.starts_with(&format!("left {second}: 1011")));
    assert_eq!(one.asks("list").await, format!("[{first}] of 1"));
}

#[tokio::test]
async fn rooms_of_different_nodes_send_each_other_messages_in_order() {
    let cluster = Cluster::with("probe", 2, &["--instances", "per-room"]);
    let (mut one, _) = cluster.joins(0, "/a").await;
    let (mut two, _) = cluster.joins(1, "/b").await;
    for number in 0..20 {
        assert_eq!(one.asks(&format!("tell /b {number}")).await, "ok");
    }
    for number in 0..20 {
        assert_eq!(two.hears().await, format!("event /a {number}"));
    }
    assert_eq!(two.asks("tell /a back").await, "ok");
    assert_eq!(one.hears().await, "event /b back");
}

#[tokio::test]
async fn a_room_that_nobody_is_in_is_begun_by_a_message_and_is_found_from_each_node() {
    let cluster = Cluster::with("probe", 2, &["--instances", "per-room"]);
    let (mut one, _) = cluster.joins(0, "/a").await;
    for counted in ["1", "2"] {
        assert_eq!(one.asks("create /c count").await, "ok");
        let (mut three, _) = cluster.joins(1, "/c").await;
        // The message may come before the client or behind it.
        while answer(&mut three, "kept count").await != format!("Some({counted:?})") {}
        three.leaves(1000, "").await;
    }
}

#[tokio::test]
async fn an_answer_in_pieces_tells_backpressure_for_what_waits_and_no_more() {
    const CHUNK: usize = 64 << 10;
    let cluster = Cluster::of("answering", 2);
    let (_owner, _) = cluster.joins(0, "/").await;
    let (mut client, _) = cluster.joins(1, "/").await;
    let mut raw = Raw::connect(&cluster.nodes[1].address);
    raw.says(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let told = client.hears().await;
    let id = told.strip_prefix("asked ").expect("the guest tells of the request");
    raw.head();
    let reads = |raw: &mut Raw, bytes: usize| {
        let mut read = 0;
        while read < bytes {
            read += raw.chunk().len();
        }
    };
    for _ in 0..8 {
        // The receipt of the chunk before goes before this message.
        assert_eq!(client.asks(&format!("much {id} 1")).await, "ok");
        reads(&mut raw, CHUNK);
    }
    assert_eq!(client.asks(&format!("much {id} 2")).await, "backpressure");
    reads(&mut raw, 2 * CHUNK);
    assert_eq!(client.hears().await, format!("drained {id}"));
    assert_eq!(client.asks(&format!("much {id} 1")).await, "ok");
}

#[tokio::test]
async fn messages_of_other_rooms_on_which_the_app_keeps_failing_wait_at_the_owner() {
    let mut cluster = Cluster::with("probe", 2, &["--instances", "per-room", "--restarts", "1/600s"]);
    let (mut one, _) = cluster.joins(0, "/a").await;
    let (mut two, _) = cluster.joins(1, "/b").await;
    let (mut three, third) = cluster.joins(1, "/a").await;
    for text in ["panic", "panic", "hello"] {
        assert_eq!(two.asks(&format!("tell /a {text}")).await, "ok");
    }
    cluster.nodes[0].logs("failed too often on messages of other rooms");
    for number in 0..20 {
        assert_eq!(answer(&mut three, &format!("say {number}")).await, number.to_string());
    }
    assert_eq!(one.hears().await, format!("joined {third}"));
    assert_eq!(one.asks("say last").await, "last", "its clients are served meanwhile");
}

#[tokio::test]
async fn rooms_that_another_node_owns_count_where_their_clients_are() {
    let cluster = Cluster::with("probe", 2, &["--instances", "per-room", "--max-rooms", "2"]);
    let (_one, _) = cluster.joins(0, "/a").await;
    let (_two, _) = cluster.joins(0, "/b").await;
    let (_three, _) = cluster.joins(1, "/a").await;
    let (_four, _) = cluster.joins(1, "/b").await;
    for node in &cluster.nodes {
        assert_eq!(refusal(node, "/c", &[]).await, 503);
    }
    cluster.joins(1, "/a").await;
}
