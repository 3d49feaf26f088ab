//! A handle of one node reaches all others.

use std::sync::Arc;

use super::nodes::{Network, TestNode, id, node};
use crate::error::Error;
use crate::inventory::{Reached, Receivers, RoomInfo, RoomState};
use crate::status::{ClusterStatus, NodeStatus};
use crate::types::Message;

/// Three nodes. `/a` is owned by node 1 and `/b` by node 2; both have clients on other nodes.
fn three() -> (Arc<Network>, [TestNode; 3]) {
    let network = Arc::default();
    let one = node(&network, 1, &[("/a", 3), ("/c", 0)], &[(1, "/a", Some("ann")), (2, "/b", None)]);
    let two = node(&network, 2, &[("/b", 2)], &[(1, "/a", Some("ann")), (2, "/a", Some("ben"))]);
    let three = node(&network, 3, &[], &[(1, "/b", None)]);
    (network, [one, two, three])
}

fn text(text: &str) -> Message {
    Message::text(text.to_owned())
}

/// The deliveries that the shard of a node has been given.
fn delivered(node: &mut TestNode) -> Vec<String> {
    std::iter::from_fn(|| node.delivered.try_recv().ok()).collect()
}

#[tokio::test]
async fn the_rooms_of_all_nodes_are_one_list_by_name_with_their_owners() {
    let (_network, nodes) = three();
    for node in &nodes {
        let mut rooms = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = node.handle.rooms("", after.as_deref(), 1).await.expect("it is told");
            assert_eq!((page.entries.len(), page.missing.len()), (1, 0));
            rooms.extend(page.entries.into_iter().map(|RoomInfo { name, node, clients, .. }| (name, node, clients)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected = [("/a", 1, 3), ("/b", 2, 2), ("/c", 1, 0)];
        assert_eq!(rooms, expected.map(|(name, node, clients)| (name.to_owned(), Some(node), clients)));
    }
    assert_eq!(nodes[2].handle.room("/b").await.expect("it is open").node, Some(2));
    assert!(matches!(nodes[2].handle.room("/d").await, Err(Error::NoSuchRoom(_))));
}

#[tokio::test]
async fn a_durable_room_that_no_node_has_open_is_in_the_list_of_each_and_takes_events() {
    let (network, nodes) = three();
    network.has_durable(&["/a", "/aa", "/d"]);
    let state = |room: RoomInfo| (room.name, room.state, room.node);
    for node in &nodes {
        let (mut rooms, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = node.handle.rooms("", after.as_deref(), 2).await.expect("it is told");
            rooms.extend(page.entries.into_iter().map(state));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let open = |name: &str, node| (name.to_owned(), RoomState::Open, Some(node));
        let closed = |name: &str| (name.to_owned(), RoomState::Asleep, None);
        assert_eq!(rooms, [open("/a", 1), closed("/aa"), open("/b", 2), open("/c", 1), closed("/d")]);
        assert_eq!(state(node.handle.room("/d").await.expect("it is durable")), closed("/d"));
        assert!(node.handle.clients_of_room("/d", None, 9).await.expect("it is durable").entries.is_empty());
        assert!(node.handle.send_event("/d", "admin", "x", false).await.is_ok());
        assert!(matches!(node.handle.room("/aaa").await, Err(Error::NoSuchRoom(_))));
    }
    network.has_silent(9);
    assert!(matches!(nodes[0].handle.room("/d").await, Err(Error::NoAnswer(_))), "that one may have it open");
}

#[tokio::test]
async fn the_clients_of_a_room_and_all_clients_are_those_of_all_nodes_by_id() {
    let (network, nodes) = three();
    let ids = |page: crate::inventory::Page<crate::inventory::ClientInfo, _>| {
        page.entries.iter().map(|client| client.id).collect::<Vec<_>>()
    };
    let of_room = nodes[2].handle.clients_of_room("/a", None, 9).await.expect("it is open");
    assert_eq!(ids(of_room), [(1, 1), (2, 1), (2, 2)].map(|(node, count)| id(node, count).get()));
    let none = nodes[2].handle.clients_of_room("/c", None, 9).await.expect("it is open");
    assert!(ids(none).is_empty());
    let page = nodes[0].handle.list_clients(None, Some(id(1, 1)), 3).await.expect("it is told");
    assert_eq!((page.next, page.entries[1].node), (Some(id(2, 2)), Some(2)));
    assert_eq!(ids(page), [(1, 2), (2, 1), (2, 2)].map(|(node, count)| id(node, count).get()));
    let of_user = nodes[2].handle.list_clients(Some("ann"), None, 9).await.expect("it is told");
    assert_eq!(ids(of_user), [id(1, 1).get(), id(2, 1).get()]);
    let users = nodes[2].handle.users(None, 9).await.entries.into_iter().map(|user| (user.name, user.clients));
    assert_eq!(users.collect::<Vec<_>>(), [("ann".to_owned(), 2), ("ben".to_owned(), 1)]);
    assert_eq!(nodes[2].handle.user("ann").await.expect("it has clients").clients, 2);
    drop(network);
}

#[tokio::test]
async fn a_client_is_asked_for_at_its_node_alone_and_its_topics_come_from_the_owner_of_its_room() {
    let (network, nodes) = three();
    let client = nodes[0].handle.client(id(3, 1)).await.expect("it is connected");
    assert_eq!((client.node, client.topics), (Some(3), Some(vec![format!("a topic of {}", id(3, 1))])));
    // Node 3 asks both others which of them owns the room.
    assert_eq!(network.asked(), [3, 1, 2]);
    let own = nodes[0].handle.client(id(1, 1)).await.expect("it is connected");
    assert_eq!((own.node, own.topics.is_some(), network.asked()), (Some(1), true, vec![]));
    for missing in [id(3, 9), id(7, 1)] {
        assert!(matches!(nodes[0].handle.client(missing).await, Err(Error::NoSuchClient(id)) if id == missing));
    }
}

#[tokio::test]
async fn a_message_to_a_room_goes_to_its_owner_and_one_to_all_or_a_user_to_the_nodes_of_their_clients() {
    let (_network, mut nodes) = three();
    let reached = |clients| Reached { clients, missing: Vec::new() };
    let handle = nodes[2].handle.clone();
    assert_eq!(handle.deliver(Receivers::Room("/a".into()), text("x")).await.expect("it is open"), reached(3));
    let topic = Receivers::Topic { room: "/b".into(), topic: "t".into() };
    assert_eq!(handle.deliver(topic, text("y")).await.expect("it is open"), reached(2));
    assert_eq!(handle.deliver(Receivers::All, text("z")).await.expect("it reaches all"), reached(5));
    assert_eq!(handle.close(Receivers::User("ann".into()), 4000, "out").await.expect("it has clients"), reached(2));
    let bytes = Message::Binary(vec![0, b'\n', 255].into());
    assert_eq!(handle.deliver(Receivers::Client(id(2, 1)), bytes.clone()).await.expect("it is connected"), reached(1));
    let [one, two, three] = nodes.each_mut().map(delivered);
    let sent = |to: &str, message: &Message| format!("{to}: {message:?}");
    let (all, closed) = (sent("all", &text("z")), "1 of its clients: 4000 out".to_owned());
    assert_eq!(one, [sent("/a", &text("x")), all.clone(), closed.clone()]);
    assert_eq!(two, [sent("t in /b", &text("y")), all.clone(), closed, sent("1 of its clients", &bytes)]);
    assert_eq!(three, [all]);
}

#[tokio::test]
async fn a_message_of_which_nobody_waits_for_the_number_is_sent_all_the_same() {
    let (_network, mut nodes) = three();
    nodes[2].handle.broadcast("x").expect("it is sent");
    nodes[2].handle.send(id(1, 1), "y").expect("it is sent");
    nodes[2].handle.send_to_room("/a", "z").expect("it is sent");
    // This one is behind them.
    nodes[2].handle.deliver(Receivers::Client(id(1, 1)), text("last")).await.expect("it is connected");
    let order = delivered(&mut nodes[0]).into_iter().map(|line| line.split(':').next().map(str::to_owned));
    assert_eq!(order.flatten().collect::<Vec<_>>(), ["all", "1 of its clients", "/a", "1 of its clients"]);
    assert!(matches!(nodes[2].handle.send(id(7, 1), "y"), Err(Error::NoSuchClient(_))));
}

#[tokio::test]
async fn receivers_that_no_node_has_are_named_by_their_kind() {
    let (_network, nodes) = three();
    let deliver = |to| nodes[2].handle.deliver(to, text("x"));
    assert!(matches!(deliver(Receivers::Room("/d".into())).await, Err(Error::NoSuchRoom(_))));
    assert!(matches!(deliver(Receivers::User("eve".into())).await, Err(Error::NoSuchUser(_))));
    assert!(matches!(deliver(Receivers::Client(id(1, 9))).await, Err(Error::NoSuchClient(_))));
    let large = nodes[2].handle.deliver(Receivers::All, Message::Binary(vec![0; 16 << 20].into())).await;
    assert!(matches!(large, Err(Error::MessageTooBig { size: 16_777_216, limit: 16_711_680 })));
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_named_and_the_answers_of_the_others_count() {
    let (network, nodes) = three();
    network.has_silent(9);
    let handle = &nodes[0].handle;
    let rooms = handle.rooms("", None, 9).await.expect("it is told");
    assert_eq!((rooms.entries.len(), rooms.missing), (3, vec![9]));
    assert_eq!(handle.list_clients(None, None, 9).await.expect("it is told").missing, [9]);
    assert_eq!(handle.clients_of_room("/a", None, 9).await.expect("it is open").missing, [9]);
    assert_eq!(handle.users(None, 9).await.missing, [9]);
    let all = handle.deliver(Receivers::All, text("x")).await.expect("it reaches the others");
    assert_eq!(all, Reached { clients: 5, missing: vec![9] });
    // It may know what no other node knows.
    let nobody = Reached { clients: 0, missing: vec![9] };
    assert_eq!(handle.deliver(Receivers::Room("/d".into()), text("x")).await.expect("it may be there"), nobody);
    assert_eq!(handle.deliver(Receivers::User("eve".into()), text("x")).await.expect("it may be there"), nobody);
    assert!(matches!(handle.room("/d").await, Err(Error::NoAnswer(nodes)) if nodes == [9]));
    assert!(matches!(handle.user("eve").await, Err(Error::NoAnswer(_))));
    assert!(matches!(handle.client(id(9, 1)).await, Err(Error::NoAnswer(_))));
    assert!(matches!(handle.deliver(Receivers::Client(id(9, 1)), text("x")).await, Err(Error::NoAnswer(_))));
    // NATS knows which node has a room, and whether its records have one.
    assert!(matches!(handle.send_event("/d", "admin", "x", false).await, Err(Error::NoSuchRoom(_))));
    assert!(handle.client(id(2, 1)).await.is_ok(), "its own node answers");
}

#[tokio::test]
async fn an_event_finds_a_room_that_another_node_owns() {
    let (_network, nodes) = three();
    let handle = &nodes[2].handle;
    assert!(handle.send_event("/a", "admin", "x", false).await.is_ok());
    assert!(matches!(handle.send_event("/d", "admin", "x", false).await, Err(Error::NoSuchRoom(_))));
    assert!(handle.send_event("/d", "admin", "x", true).await.is_ok());
    // This node has room for no other room, and needs none for one that is open elsewhere.
    let _only_one = handle.inner.controls.bus.note_expected(&"/e".into());
    assert!(matches!(handle.send_event("/d", "admin", "x", true).await, Err(Error::TooManyRooms(_))));
    assert!(handle.send_event("/b", "admin", "x", true).await.is_ok());
}

#[tokio::test]
async fn the_state_of_a_cluster_has_all_nodes() {
    let (network, nodes) = three();
    network.has_silent(9);
    nodes[1].handle.deny_new_clients();
    let status = nodes[0].handle.status().await.expect("it is told");
    assert_eq!(status.clients, 2, "of this node");
    let of = |number: u16, rooms, clients| NodeStatus {
        number,
        life: 100 + u64::from(number),
        rooms,
        clients,
        release: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        admitting: number != 2,
        draining: false,
    };
    let expected = ClusterStatus {
        name: "test".into(),
        node: Some(1),
        has_lease: true,
        rooms: 3,
        clients: 5,
        nodes: vec![of(1, 2, 2), of(2, 1, 2), of(3, 0, 1)],
        missing: vec![9],
    };
    assert_eq!(status.cluster, Some(expected));
}

#[tokio::test]
async fn a_node_whose_server_is_gone_refuses_and_counts_as_missing() {
    let (_network, [one, two, three]) = three();
    drop(two);
    let rooms = one.handle.rooms("", None, 9).await.expect("it is told");
    assert_eq!((rooms.entries.len(), rooms.missing), (2, vec![2]));
    drop(three);
}
