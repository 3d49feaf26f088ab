//! NATS is away for a while: rooms wait rather than split, and go on when it is back.

use futures_util::future::join_all;

use super::{LONGER_THAN_A_LEASE, answer, entries, lasts, news_apart};
use crate::support::cluster::Cluster;

#[tokio::test]
async fn a_room_waits_while_nats_is_away_for_longer_than_a_lease_and_goes_on_with_its_instance() {
    let mut cluster = Cluster::of("probe", 2);
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_eq!(answer(&mut one, "say before").await, "before");
    cluster.nats.stop();
    two.says("say of the other node").await;
    lasts(LONGER_THAN_A_LEASE).await;
    one.says("say of the owner").await;
    cluster.nats.restart();
    assert_eq!(news_apart(&mut two).await, "of the other node");
    assert_eq!(news_apart(&mut one).await, "of the owner");
    assert_eq!(answer(&mut two, "list").await, format!("[{first}, {second}] of 2"));
    assert!(answer(&mut two, "messages").await.ends_with("since Some(StartReason::Fresh)"), "it is the same instance");
}

#[tokio::test]
async fn a_server_that_is_held_is_an_outage_too() {
    let cluster = Cluster::of("probe", 2);
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    cluster.nats.pause();
    two.says("say late").await;
    lasts(LONGER_THAN_A_LEASE).await;
    cluster.nats.resume();
    assert_eq!(news_apart(&mut two).await, "late");
    assert_eq!(answer(&mut one, "list").await, format!("[{first}, {second}] of 2"));
}

#[tokio::test]
async fn a_write_while_nats_is_away_is_answered_once_and_when_it_is_stored() {
    const OUTAGES: usize = 3;
    let mut cluster = Cluster::of("keeper", 3);
    let mut clients = [cluster.enters(0, "/").await, cluster.enters(1, "/").await, cluster.enters(2, "/").await];
    for outage in 0..OUTAGES {
        if outage % 2 == 0 {
            cluster.nats.kill();
        } else {
            cluster.nats.stop();
        }
        for (node, client) in clients.iter_mut().enumerate() {
            client.says(&format!("add {outage}/{node}")).await;
        }
        cluster.nats.restart();
        let answers = join_all(clients.iter_mut().map(|client| client.hears())).await;
        for (node, answer) in answers.iter().enumerate() {
            assert!(answer.ends_with(&format!(" {outage}/{node}")), "{answer}");
        }
    }
    let mut found = entries(&mut clients[0]).await;
    found.sort_unstable();
    let all = (0..OUTAGES).flat_map(|outage| (0..3).map(move |node| format!("{outage}/{node}")));
    assert_eq!(found, all.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_node_that_ends_while_nats_is_away_ends_all_the_same() {
    let mut cluster = Cluster::with("probe", 1, &["--drain", "2s"]);
    let (mut client, _) = cluster.joins(0, "/").await;
    cluster.nats.stop();
    cluster.nodes[0].signal("TERM");
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(cluster.nodes[0].ended().success());
}
