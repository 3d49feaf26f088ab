//! A room is served once, whatever the number of nodes.

use futures_util::future::join_all;

use super::{answer, news_apart};
use crate::support::cluster::Cluster;

/// The bits of a client's id below the number of its node.
const COUNT_BITS: u32 = 43;

#[tokio::test]
async fn clients_of_two_nodes_are_in_one_room_and_their_ids_have_their_nodes() {
    let cluster = Cluster::of("probe", 2);
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_eq!(one.hears().await, format!("joined {second}"));
    assert_ne!(first >> COUNT_BITS, second >> COUNT_BITS, "{first} {second}");
    for client in [&mut one, &mut two] {
        assert_eq!(client.asks("list").await, format!("[{first}, {second}] of 2"));
    }
    two.leaves(1000, "bye").await;
    assert!(one.hears().await.starts_with(&format!("left {second}: 1000 \"bye\" clean=true")));
    assert_eq!(one.asks("list").await, format!("[{first}] of 1"));
}

#[tokio::test]
async fn everybody_hears_all_messages_in_one_order_and_each_senders_in_its_own() {
    const MESSAGES: usize = 100;
    let cluster = Cluster::of("probe", 3);
    let mut clients = Vec::new();
    for node in [0, 1, 2, 1] {
        clients.push(cluster.joins(node, "/").await.0);
    }
    let senders = clients.len();
    let heard = join_all(clients.iter_mut().enumerate().map(|(sender, client)| async move {
        let texts: Vec<_> = (0..MESSAGES).map(|number| format!("all {sender}/{number}")).collect();
        client.says_at_once(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut heard = Vec::new();
        while heard.len() < senders * MESSAGES {
            let text = news_apart(client).await;
            if text != "ok" {
                heard.push(text);
            }
        }
        heard
    }))
    .await;
    assert!(heard.iter().all(|others| *others == heard[0]), "all hear one order");
    for sender in 0..senders {
        let own: Vec<_> = heard[0].iter().filter_map(|text| text.strip_prefix(&format!("{sender}/"))).collect();
        assert_eq!(own, (0..MESSAGES).map(|number| number.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_room_that_several_nodes_claim_at_once_has_one_owner() {
    let cluster = Cluster::with("probe", 4, &["--instances", "per-room"]);
    for room in 0..10 {
        let path = format!("/{room}");
        let mut clients = join_all((0..4).map(|node| cluster.joins(node, &path))).await;
        let mut ids: Vec<_> = clients.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        for (client, _) in &mut clients {
            let list = answer(client, "list").await;
            let (listed, count) = list.split_once(" of ").expect("the probe counts its clients");
            let mut listed: Vec<u64> = serde_json::from_str(listed).expect("it is a list");
            listed.sort_unstable();
            assert_eq!((listed, count), (ids.clone(), "4"), "room {room}");
        }
    }
}

#[tokio::test]
async fn rooms_of_one_client_stay_with_their_node_and_need_no_other() {
    let mut cluster = Cluster::with("probe", 2, &["--instances", "per-client"]);
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_ne!(first, second);
    assert_eq!(one.asks("list").await, format!("[{first}] of 1"));
    cluster.kill(0);
    assert_eq!(two.asks("list").await, format!("[{second}] of 1"));
}
