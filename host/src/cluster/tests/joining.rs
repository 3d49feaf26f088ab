//! How nodes join, and why they cannot.

use async_nats::jetstream;

use super::member::{Member, settings};
use super::server::Server;
use crate::bus::Placement;
use crate::cluster::{News, Node};
use crate::config::ClusterSettings;

fn refused(settings: &ClusterSettings) -> String {
    let error = Node::join(settings, Placement::new(1)).expect_err("the node cannot join").to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[tokio::test]
async fn a_server_that_does_not_run_is_named() {
    let server = Server::start();
    let settings = settings(&server);
    drop(server);
    let error = refused(&settings);
    assert!(error.contains(&settings.servers[0]["nats://".len()..]) && error.contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_password_gets_the_right_one() {
    let server = Server::with(&["--jetstream", "--user", "me", "--pass", "secret"]);
    let mut settings = settings(&server);
    let error = refused(&settings);
    assert!(error.contains("refuses this node"), "{error}");
    let host = settings.servers[0].replace("nats://", "");
    settings.servers = vec![format!("nats://me:wrong@{host}")];
    let error = refused(&settings);
    assert!(error.contains("refuses this node") && !error.contains("wrong@"), "{error}");
    settings.servers = vec![format!("nats://me:secret@{host}")];
    Node::join(&settings, Placement::new(1)).expect("the password is right");
}

#[tokio::test]
async fn a_server_without_jetstream_is_of_no_use() {
    let server = Server::with(&[]);
    let error = refused(&settings(&server));
    assert!(error.contains("without JetStream"), "{error}");
}

#[tokio::test]
async fn a_stream_that_drops_records_is_refused() {
    let server = Server::start();
    let client = async_nats::connect(server.url()).await.expect("the server is there");
    let config = jetstream::stream::Config {
        name: "c-rooms".into(),
        subjects: vec!["c.room.*".into()],
        max_messages: 10,
        ..jetstream::stream::Config::default()
    };
    jetstream::new(client).create_stream(config).await.expect("the stream is new");
    let error = refused(&settings(&server));
    assert!(error.contains("c-rooms") && error.contains("subjects, max_msgs, allow_direct"), "{error}");
}

#[tokio::test]
async fn more_replicas_than_servers_are_refused() {
    let server = Server::start();
    let error = refused(&ClusterSettings { replicas: 3, ..settings(&server) });
    assert!(error.contains("3 replicas"), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused() {
    let server = Server::start();
    let valid = settings(&server);
    let error = refused(&ClusterSettings { name: "a.b".into(), ..valid.clone() });
    assert!(error.contains("\"a.b\""), "{error}");
    let error = refused(&ClusterSettings { servers: Vec::new(), ..valid.clone() });
    assert!(error.contains("no NATS server"), "{error}");
    let error = refused(&ClusterSettings { credentials: Some("/nowhere/node.creds".into()), ..valid.clone() });
    assert!(error.contains("/nowhere/node.creds"), "{error}");
    let error = refused(&ClusterSettings { ca: Some("/nowhere/ca.pem".into()), ..valid });
    assert!(error.contains("/nowhere/ca.pem"), "{error}");
}

#[tokio::test]
async fn clusters_of_other_names_share_the_server_and_nothing_else() {
    let server = Server::start();
    let one = Member::join(&server).await;
    let other = ClusterSettings { name: "other".into(), ..settings(&server) };
    let (node, _inboxes) = Node::join(&other, Placement::new(1)).expect("the node joins");
    assert_eq!((node.peers().len(), node.life().map(|life| life.number)), (1, Some(0)));
    assert_eq!((one.node.name(), node.name()), ("c", "other"));
}

/// Stores a record of another version for node 1.
async fn stores_what_no_node_can_read(member: &Member) {
    let stored = member.node.jetstream().publish("c.node.1", "\u{9} of a later version".into()).await.expect("NATS is there");
    stored.await.expect("it is stored");
}

#[tokio::test]
async fn a_number_whose_record_cannot_be_read_is_left_alone() {
    let server = Server::start();
    let first = Member::join(&server).await;
    stores_what_no_node_can_read(&first).await;
    let third = Member::join(&server).await;
    assert_eq!([first.life().number, third.life().number], [0, 2]);
}

#[tokio::test]
async fn a_life_goes_on_beside_a_node_whose_records_cannot_be_read_when_nats_is_back() {
    let mut server = Server::start();
    let mut one = Member::join(&server).await;
    let life = one.life();
    stores_what_no_node_can_read(&one).await;
    let room = "/a".into();
    let epoch = one.wins(&room).await.last;
    server.restart();
    let looked = one.until(|news| if let News::Looked { epoch, last, .. } = news { Some((epoch, last)) } else { None }).await;
    assert_eq!((looked, one.node.life()), ((epoch, Some(epoch)), Some(life)));
}
