//! NATS comes back with an older state than it had acknowledged: the owner of a room that has lost records stops and says so.

use super::entries;
use crate::support::cluster::Cluster;

#[tokio::test]
async fn an_owner_whose_records_are_forgotten_closes_its_clients_says_so_and_begins_anew() {
    let mut cluster = Cluster::of("keeper", 2);
    let mut one = cluster.enters(0, "/").await;
    let mut two = cluster.enters(1, "/").await;
    assert_eq!(one.asks("add kept").await, "1 kept");
    cluster.nats.stop();
    let older = cluster.nats.copy();
    cluster.nats.restart();
    assert_eq!(two.asks("add forgotten").await, "2 forgotten");
    cluster.nats.stop();
    cluster.nats.restore(older);
    cluster.nats.restart();
    one.is_closed().await;
    cluster.nodes[0].logs("NATS has lost records of the room that it had acknowledged");
    cluster.nodes[0].logs("this is node");
    assert_eq!(entries(&mut cluster.enters(0, "/").await).await, ["kept"], "what was lost does not come back");
}
