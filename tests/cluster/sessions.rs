//! A client with a session that comes back to another node: its old member leaves first.

use ws_protocol::resume::Fresh;

use super::news_apart;
use crate::support::Client;
use crate::support::cluster::Cluster;
use crate::support::resuming::Resuming;

/// The next notice of a join or a leave.
async fn notice(client: &mut Client) -> String {
    loop {
        let heard = client.hears().await;
        if heard.starts_with("joined ") || heard.starts_with("left ") {
            return heard;
        }
    }
}

/// The id that the probe tells a client when it has joined.
async fn id_of(client: &mut Resuming) -> u64 {
    client.hears().await.strip_prefix("joined ").and_then(|id| id.parse().ok()).expect("it has joined")
}

#[tokio::test]
async fn a_client_that_comes_back_to_another_node_has_left_the_room_before_it_joins_again() {
    let cluster = Cluster::of("probe", 3);
    let (mut other, other_id) = cluster.joins(2, "/").await;
    let mut client = Resuming::connect(&cluster.nodes[0]).await;
    let first = id_of(&mut client).await;
    assert_eq!(notice(&mut other).await, format!("joined {first}"));
    client.loses_its_line();
    assert_eq!(client.comes_back(&cluster.nodes[1]).await, Some(Fresh::Unknown));
    let second = id_of(&mut client).await;
    assert!(notice(&mut other).await.starts_with(&format!("left {first}: ")));
    assert_eq!(notice(&mut other).await, format!("joined {second}"));
    assert_eq!(other.asks("list").await, format!("[{other_id}, {second}] of 2"));
    // At that node it has a session again.
    client.loses_its_line();
    other.says("others meanwhile").await;
    assert_eq!(news_apart(&mut other).await, "ok");
    assert_eq!(client.comes_back(&cluster.nodes[1]).await, None);
    assert_eq!(client.hears().await, "meanwhile");
}

#[tokio::test]
async fn it_finds_its_place_in_a_full_room() {
    let cluster = Cluster::with("probe", 2, &["--max-room-clients", "2", "--instances", "per-room"]);
    let (mut other, _) = cluster.joins(1, "/a").await;
    let mut client = Resuming::connect_to(&cluster.nodes[0], "/a").await;
    let first = id_of(&mut client).await;
    client.loses_its_line();
    assert_eq!(client.comes_back(&cluster.nodes[1]).await, Some(Fresh::Unknown));
    let second = id_of(&mut client).await;
    assert_eq!(notice(&mut other).await, format!("joined {first}"));
    assert!(notice(&mut other).await.starts_with(&format!("left {first}: ")));
    assert_eq!(notice(&mut other).await, format!("joined {second}"));
}

#[tokio::test]
async fn nobody_ends_the_session_of_another_client_by_its_handle() {
    let cluster = Cluster::of("probe", 2);
    let mut client = Resuming::connect(&cluster.nodes[0]).await;
    let first = id_of(&mut client).await;
    let mut thief = Resuming::connect(&cluster.nodes[1]).await;
    let second = id_of(&mut thief).await;
    assert_eq!(client.hears().await, format!("joined {second}"));
    thief.loses_its_line();
    thief.handle.clone_from(&client.handle);
    assert_eq!(thief.comes_back(&cluster.nodes[1]).await, Some(Fresh::Unknown));
    let third = id_of(&mut thief).await;
    client.loses_its_line();
    assert_eq!(client.comes_back(&cluster.nodes[0]).await, None, "its session is as it was");
    assert_eq!(client.hears().await, format!("joined {third}"));
    assert_eq!(client.asks("list").await, format!("[{first}, {second}, {third}] of 3"));
}

#[tokio::test]
async fn the_room_of_one_client_ends_where_it_was() {
    let mut cluster = Cluster::with("probe", 2, &["--instances", "per-client"]);
    let mut client = Resuming::connect(&cluster.nodes[0]).await;
    let first = id_of(&mut client).await;
    client.loses_its_line();
    assert_eq!(client.comes_back(&cluster.nodes[1]).await, Some(Fresh::Unknown));
    assert_ne!(id_of(&mut client).await, first);
    cluster.nodes[0].logs(&format!("left {first}: "));
}
