//! NATS comes back with an older state than it had acknowledged: the owner of a room that has lost records stops and says so.

use super::entries;
use crate::support::cluster::Cluster;

/// The end of the line by which a node says why its life is over. A busy node can be taken for dead by a node that has noticed first.
const ANEW: &str = "are closed, and it begins anew";

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
    cluster.nodes[0].logs(ANEW);
    cluster.nodes[0].logs("this is node");
    assert_eq!(entries(&mut cluster.enters(0, "/").await).await, ["kept"], "what was lost does not come back");
}

/// The bits of a client's id below the number of its node.
const COUNT_BITS: u32 = 43;

#[tokio::test]
async fn clients_that_come_after_it_have_ids_of_the_new_life_and_a_node_gives_none_twice() {
    let mut cluster = Cluster::of("probe", 1);
    cluster.nats.stop();
    let older = cluster.nats.copy();
    cluster.nats.restart();
    // The older state has never heard of this one.
    cluster.add();
    let (mut one, first) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_eq!([first, second].map(|id| id >> COUNT_BITS), [0, 1]);
    cluster.nats.stop();
    cluster.nats.restore(older);
    cluster.nats.restart();
    for (node, (client, before)) in [(&mut one, first), (&mut two, second)].into_iter().enumerate() {
        client.is_closed().await;
        let host = &mut cluster.nodes[node];
        host.logs(ANEW);
        let line = host.logs("this is node ");
        let number: u64 =
            line.split("this is node ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("a number");
        let (_again, id) = cluster.joins(node, "/").await;
        assert_eq!(id >> COUNT_BITS, number, "the API finds a client by the number in its id");
        assert_ne!(id, before, "the record of its ids is lost, and the node has not forgotten it");
    }
}
