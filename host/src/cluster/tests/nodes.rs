//! Lives of nodes.

use std::collections::HashSet;
use std::sync::mpsc;

use async_nats::jetstream;
use ws_cluster::{NodeRecord, Stop};

use super::member::{Member, settings};
use super::server::Server;
use crate::bus::Placement;
use crate::cluster::{ID_BLOCK, News, Node};

#[tokio::test]
async fn two_nodes_see_each_other_and_a_farewell() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let lives = [one.life(), two.life()];
    assert_eq!(lives.map(|life| life.number), [0, 1]);
    one.sees(lives).await;
    two.sees(lives).await;
    assert!(one.node.is_held() && two.node.is_held());
    one.leave().await;
    two.sees([lives[1]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_join_at_once_have_different_numbers() {
    let server = Server::start();
    let url = &server;
    let members = std::thread::scope(|scope| {
        let joins: Vec<_> =
            (0..6).map(|_| scope.spawn(|| Node::join(&settings(url), Placement::new(1)).expect("it joins"))).collect();
        joins.into_iter().map(|join| join.join().expect("it joins")).collect::<Vec<_>>()
    });
    let mut numbers: Vec<_> = members.iter().map(|(node, _)| node.life().expect("it lives").number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_number_that_is_free_again_begins_another_life() {
    let server = Server::start();
    let one = Member::join(&server).await;
    let before = one.life();
    one.leave().await;
    let again = Member::join(&server).await;
    assert_eq!(again.life().number, before.number);
    assert!(again.life().since > before.since);
}

#[tokio::test]
async fn the_lease_goes_on_when_nats_is_restarted() {
    let mut server = Server::start();
    let mut one = Member::join(&server).await;
    let (life, room) = (one.life(), "/a".into());
    let epoch = one.wins(&room).await.last;
    server.restart();
    let looked = one.until(|news| if let News::Looked { epoch, last, .. } = news { Some((epoch, last)) } else { None }).await;
    assert_eq!(looked, (epoch, Some(epoch)));
    // The next records are those of the same life.
    one.commits(&room, epoch, (epoch, 1), "x".into(), false).await;
    let mut two = Member::join(&server).await;
    two.sees([life, two.life()]).await;
    assert_eq!(one.node.life(), Some(life));
}

#[tokio::test]
async fn a_node_that_does_not_renew_its_lease_is_buried_and_begins_another_life() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let (first, other) = (one.life(), two.life());
    two.sees([first, other]).await;
    let (go_on, held) = mpsc::channel::<()>();
    // Holds the only thread of the node.
    one.node.spawn(async move { assert!(held.recv().is_err()) });
    two.sees([other]).await;
    assert!(!one.node.is_held(), "others have taken it for dead");
    drop(go_on);
    assert_eq!(one.over().await, Stop::Replaced);
    let second = one.begun().await;
    assert_eq!((second.number, second.since > first.since), (first.number, true));
    two.sees([second, other]).await;
}

#[tokio::test]
async fn a_life_ends_when_nats_has_forgotten_records() {
    let server = Server::start();
    let mut one = Member::join(&server).await;
    let first = one.life();
    one.node.restored();
    assert_eq!(one.over().await, Stop::Restored);
    // Nobody has said farewell for the first life.
    let second = one.begun().await;
    assert_eq!((first.number, second.number), (0, 1));
    one.node.jetstream().delete_stream("c-nodes").await.expect("the stream is there");
    assert_eq!(one.over().await, Stop::Restored);
    assert_eq!(one.begun().await.number, 0);
}

/// The sequence of the last record of node 0.
async fn last_record(jetstream: &jetstream::Context) -> u64 {
    let stream = jetstream.get_stream("c-nodes").await.expect("the stream is there");
    stream.get_last_raw_message_by_subject("c.node.0").await.expect("the node has a record").sequence
}

#[tokio::test]
async fn a_life_ends_when_nats_comes_back_with_another_record_at_the_sequence_of_its_own() {
    let mut server = Server::start();
    let mut one = Member::join(&server).await;
    let jetstream = one.node.jetstream();
    let first = last_record(&jetstream).await;
    let mut last = first;
    // The other server stores several records until then.
    while last < first + 8 {
        last = last_record(&jetstream).await;
    }
    // No more renewals come.
    let (go_on, held) = mpsc::channel::<()>();
    let (holds, is_held) = mpsc::channel();
    one.node.spawn(async move {
        holds.send(()).expect("the test waits");
        assert!(held.recv().is_err());
    });
    is_held.recv().expect("the node is held");
    let client = async_nats::connect(server.url()).await.expect("the server is there");
    let last = last_record(&jetstream::new(client)).await;

    let other = Server::start();
    drop(Member::join(&other).await);
    let client = async_nats::connect(other.url()).await.expect("the server is there");
    let jetstream = jetstream::new(client);
    let stores = async |record: NodeRecord| {
        let stored = jetstream.publish("c.node.0", record.encode()).await.expect("the server is there");
        stored.await.expect("it is stored").sequence
    };
    let mut beat = 0;
    while stores(NodeRecord::Alive { nonce: 1, since: 1, beat }).await < last {
        beat += 1;
    }
    assert_eq!(last_record(&jetstream).await, last);
    server.restart_as(other);
    drop(go_on);
    assert_eq!(one.over().await, Stop::Restored);
    assert_eq!(one.begun().await.number, 1, "another life has its number");
}

/// Notes the ids of a block, none of which may have been given before.
fn note(seen: &mut HashSet<u64>, first: u64) {
    assert!((first..first + ID_BLOCK).all(|id| seen.insert(id)), "{first}");
}

#[tokio::test]
async fn no_client_id_is_reserved_twice() {
    let server = Server::start();
    let (one, two) = (Member::join(&server).await, Member::join(&server).await);
    let mut seen = HashSet::new();
    for member in [&one, &two] {
        let life = member.life();
        note(&mut seen, member.node.first_ids(life).expect("a life begins with ids"));
        assert_eq!(member.node.first_ids(life), None, "once");
    }
    let [a, b, c] = [&one, &one, &two].map(|member| member.node.reserve_ids());
    let (a, b, c) = tokio::join!(a, b, c);
    [a, b, c].into_iter().for_each(|block| note(&mut seen, block.expect("NATS is there").1));
    one.leave().await;
    let again = Member::join(&server).await;
    assert_eq!(again.life().number, 0);
    note(&mut seen, again.node.first_ids(again.life()).expect("a life begins with ids"));
    note(&mut seen, two.node.reserve_ids().await.expect("NATS is there").1);
    assert_eq!(seen.iter().min(), Some(&1));
    assert!(seen.contains(&((1 << 43) + 1)), "a node's ids begin at its number times 2^43");
}

#[tokio::test]
async fn a_node_does_not_give_ids_again_when_nats_has_forgotten_that_they_were_reserved() {
    let server = Server::start();
    let mut one = Member::join(&server).await;
    let (mut seen, first) = (HashSet::new(), one.life());
    note(&mut seen, one.node.first_ids(first).expect("a life begins with ids"));
    note(&mut seen, one.node.reserve_ids().await.expect("NATS is there").1);
    one.node.jetstream().delete_stream("c-nodes").await.expect("the stream is there");
    assert_eq!(one.over().await, Stop::Restored);
    let second = one.begun().await;
    assert_eq!((second.number, one.node.first_ids(first)), (0, None), "the ids of a life end with it");
    note(&mut seen, one.node.first_ids(second).expect("a life begins with ids"));
    one.leave().await;
    let next = Member::join(&server).await;
    assert_eq!(next.life().number, 0);
    note(&mut seen, next.node.first_ids(next.life()).expect("a life begins with ids"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_dropped_without_running_leaves_its_cluster() {
    let server = Server::start();
    let mut other = Member::join(&server).await;
    let built = crate::Server::builder().port(0).on_new_client(|_, _| {}).cluster(settings(&server)).build();
    let (built, own) = (built.expect("the server is built"), other.life());
    while other.node.peers().len() < 2 {
        other.until(|news| matches!(news, News::Seen(_)).then_some(())).await;
    }
    // A handle outlives it.
    let _handle = built.handle();
    drop(built);
    other.sees([own]).await;
}
