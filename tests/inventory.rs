//! A server's rooms, clients and users, as its handle tells them, and what it does to them.

use std::time::Duration;

use tokio::sync::mpsc;
use ws_host::app::rooms::{Page, Receivers, RoomInfo, RoomState, Source};
use ws_host::app::upgrade::{Acceptance, Decision, UpgradeRequest};
use ws_host::app::{ClientId, Fault, Message, Outcome, Saved};
use ws_host::config::{Instances, Limits};
use ws_host::{App, Error, Room, Server};

use crate::support::{Client, Embedded};

/// Names a client's user after the query of its request, subscribes it to the topics that it says, and tells of events.
#[derive(Clone)]
struct Club {
    events: mpsc::UnboundedSender<String>,
    has_state: bool,
}

impl App for Club {
    const HAS_GATE: bool = true;

    async fn on_upgrade(&mut self, _room: &mut Room, asked: &UpgradeRequest) -> Result<Decision, Fault> {
        let user = asked.request.query();
        let user = (!user.is_empty()).then(|| user.to_owned().into());
        Ok(Decision::Accept(Acceptance { user, ..Acceptance::default() }))
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        self.has_state = true;
        room.subscribe(from, message.as_text().unwrap_or_default()).ok();
        room.send(from, message).ok();
        Ok(())
    }

    async fn on_event(&mut self, room: &mut Room, source: Source, message: Message) -> Outcome {
        let Source::Api(from) = source else { return Ok(()) };
        self.events.send(format!("{} {from} {}", room.name(), message.as_text().unwrap_or_default())).ok();
        Ok(())
    }

    async fn snapshot(&mut self, _room: &mut Room) -> Result<Option<Saved>, Fault> {
        Ok(self.has_state.then(|| Saved { version: "1".into(), data: "state".into() }))
    }
}

fn club(instances: Instances) -> (ws_host::Builder, mpsc::UnboundedReceiver<String>) {
    let (events, told) = mpsc::unbounded_channel();
    let mut limits = Limits::default();
    limits.room_linger = Duration::ZERO;
    let app = move || Club { events: events.clone(), has_state: false };
    (Server::builder().instances(instances).shards(3).limits(limits).app(app), told)
}

/// A client that is a member: it has its answer.
async fn enters(server: &Embedded, path: &str, topic: &str) -> Client {
    let mut client = Client::connect_url(&server.url(path)).await;
    assert_eq!(client.asks(topic).await, topic);
    client
}

fn room(name: &str) -> Receivers {
    Receivers::Room(name.into())
}

async fn names(server: &Embedded, after: Option<&str>, limit: usize) -> Vec<(String, RoomState, usize)> {
    let Page { entries, .. } = server.handle.rooms("", after, limit).await.expect("it is told");
    entries.into_iter().map(|RoomInfo { name, state, clients, .. }| (name, state, clients)).collect()
}

#[tokio::test]
async fn rooms_of_several_shards_are_listed_by_name_in_pages() {
    let server = Embedded::start(club(Instances::PerRoom).0);
    let mut clients = Vec::new();
    for n in 0..7 {
        clients.push(enters(&server, &format!("/{n}"), "t").await);
    }
    clients.push(enters(&server, "/3", "t").await);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = server.handle.rooms("/", after.as_deref(), 2).await.expect("it is told");
        found.extend(page.entries.into_iter().map(|room| (room.name, room.clients)));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let expected: Vec<_> = (0..7).map(|n| (format!("/{n}"), 1 + usize::from(n == 3))).collect();
    assert_eq!(found, expected);
    assert_eq!(server.handle.room("/3").await.expect("it is open").clients, 2);
    let page = server.handle.clients_of_room("/%33", Some(4.into()), 9).await.expect("another form of its name");
    assert_eq!(page.entries.iter().map(|client| (client.id, &*client.room)).collect::<Vec<_>>(), [(8, "/3")]);
    assert!(matches!(server.handle.room("/8").await, Err(Error::NoSuchRoom(_))));
    assert!(matches!(server.handle.clients_of_room("/8", None, 9).await, Err(Error::NoSuchRoom(_))));
}

#[tokio::test]
async fn a_room_that_is_asleep_is_listed_whether_it_is_kept_in_memory_or_in_a_data_folder() {
    for has_folder in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let (builder, mut events) = club(Instances::PerRoom);
        let server = Embedded::start(if has_folder { builder.data(folder.path()) } else { builder });
        let _stays = enters(&server, "/open", "t").await;
        enters(&server, "/asleep", "t").await.leaves(1000, "").await;
        let expected = [("/asleep".to_owned(), RoomState::Asleep, 0), ("/open".to_owned(), RoomState::Open, 1)];
        while names(&server, None, 9).await != expected {
            tokio::task::yield_now().await;
        }
        assert_eq!(names(&server, Some("/asleep"), 9).await, expected[1..]);
        assert_eq!(server.handle.room("/asleep").await.expect("it is kept").state, RoomState::Asleep);
        assert_eq!(server.handle.deliver(room("/asleep"), "x".into()).await.expect("it exists").clients, 0);
        assert!(server.handle.clients_of_room("/asleep", None, 9).await.expect("it exists").entries.is_empty());
        server.handle.send_event("/asleep", "shop", "paid", false).await.expect("it opens");
        assert_eq!(events.recv().await.as_deref(), Some("/asleep shop paid"));
    }
}

#[tokio::test]
async fn rooms_of_single_clients_are_listed_and_reached_by_their_names_and_take_no_events() {
    let server = Embedded::start(club(Instances::PerClient).0);
    let (mut one, _two) = (enters(&server, "/", "t").await, enters(&server, "/", "t").await);
    let open = |name: &str| (name.to_owned(), RoomState::Open, 1);
    assert_eq!(names(&server, None, 9).await, [open("private-1"), open("private-2")]);
    assert_eq!(server.handle.deliver(room("private-1"), "hello".into()).await.expect("it is open").clients, 1);
    assert_eq!(one.hears().await, "hello");
    assert!(matches!(server.handle.deliver(room("private-3"), "x".into()).await, Err(Error::NoSuchRoom(_))));
    assert!(matches!(server.handle.send_event("private-1", "shop", "x", true).await, Err(Error::NoEvents(_))));
}

#[tokio::test]
async fn a_client_is_told_with_its_user_its_room_and_its_topics() {
    let server = Embedded::start(club(Instances::PerRoom).0);
    let mut client = enters(&server, "/blue?ann", "news").await;
    client.asks("art").await;
    let told = server.handle.client(1.into()).await.expect("it is connected");
    assert_eq!((told.user.as_deref(), &*told.room, &*told.path), (Some("ann"), "/blue", "/blue"));
    assert_eq!(told.topics.as_deref(), Some(&["art".to_owned(), "news".to_owned()][..]));
    assert!(told.connected_unix > 1_700_000_000);
    assert!(matches!(server.handle.client(2.into()).await, Err(Error::NoSuchClient(_))));
    let page = server.handle.list_clients(None, None, 9).await.expect("it is told");
    assert_eq!(page.entries.len(), 1);
}

#[tokio::test]
async fn a_user_is_reached_in_all_rooms_and_can_be_disconnected() {
    let server = Embedded::start(club(Instances::PerRoom).0);
    let (mut ann, mut also_ann) = (enters(&server, "/1?ann", "t").await, enters(&server, "/2?ann", "t").await);
    let mut ben = enters(&server, "/1?ben", "t").await;
    let users = server.handle.users(None, 9).await.entries;
    assert_eq!(users.iter().map(|user| (&*user.name, user.clients)).collect::<Vec<_>>(), [("ann", 2), ("ben", 1)]);
    let page = server.handle.list_clients(Some("ann"), Some(1.into()), 9).await.expect("it is told");
    assert_eq!(page.entries.iter().map(|client| client.id).collect::<Vec<_>>(), [2]);
    let to_ann = || Receivers::User("ann".into());
    assert_eq!(server.handle.deliver(to_ann(), "to ann".into()).await.expect("she is here").clients, 2);
    assert_eq!(server.handle.close(to_ann(), 4001, "out").await.expect("she is here").clients, 2);
    assert_eq!([ann.hears().await, also_ann.hears().await], ["to ann", "to ann"]);
    assert_eq!([ann.is_closed().await, also_ann.is_closed().await], [(4001, "out".to_owned()), (4001, "out".to_owned())]);
    assert_eq!(server.handle.deliver(Receivers::All, "to all".into()).await.expect("the server runs").clients, 1);
    assert_eq!(ben.hears().await, "to all");
    while server.handle.user("ann").await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(matches!(server.handle.deliver(to_ann(), "x".into()).await, Err(Error::NoSuchUser(_))));
}

#[tokio::test]
async fn topics_and_clients_are_reached_and_counted() {
    let server = Embedded::start(club(Instances::PerRoom).0);
    let (mut one, mut two) = (enters(&server, "/1", "news").await, enters(&server, "/1", "art").await);
    let news = Receivers::Topic { room: "/1".into(), topic: "news".into() };
    assert_eq!(server.handle.deliver(news, "news".into()).await.expect("the room is open").clients, 1);
    assert_eq!(
        server.handle.deliver(Receivers::Client(2.into()), Message::binary(vec![1])).await.expect("it is here").clients,
        1
    );
    assert_eq!((one.hears().await.as_str(), two.next().await.into_data().as_ref()), ("news", &[1][..]));
    assert!(matches!(server.handle.close(Receivers::All, 1005, "").await, Err(Error::CloseCode(1005))));
    assert!(matches!(server.handle.close(Receivers::All, 1000, &"x".repeat(124)).await, Err(Error::CloseReason(124))));
    assert_eq!(server.handle.close(room("/1"), 1000, "").await.expect("it is open").clients, 2);
}

#[tokio::test]
async fn an_event_begins_a_room_only_if_it_is_to_and_an_app_without_a_handler_takes_none() {
    let (builder, mut events) = club(Instances::PerRoom);
    let server = Embedded::start(builder);
    assert!(matches!(server.handle.send_event("/new", "shop", "x", false).await, Err(Error::NoSuchRoom(_))));
    assert!(matches!(server.handle.send_event("new", "shop", "x", true).await, Err(Error::NoSuchRoom(_))));
    for n in 0..3 {
        server.handle.send_event("/new", "shop", format!("{n}"), true).await.expect("it begins");
    }
    for n in 0..3 {
        assert_eq!(events.recv().await, Some(format!("/new shop {n}")));
    }
    let echo = Embedded::start(Server::builder().on_message(|room, client, message| {
        room.send(client.id, message).ok();
    }));
    assert!(matches!(echo.handle.send_event("main", "shop", "x", false).await, Err(Error::NoEvents(_))));
}

#[tokio::test]
async fn a_server_that_has_ended_says_so() {
    let server = Embedded::start(club(Instances::PerRoom).0);
    let handle = server.handle.clone();
    handle.shutdown();
    server.ends().await.expect("it ends");
    assert!(matches!(handle.rooms("", None, 9).await, Err(Error::Stopped)));
    assert!(matches!(handle.deliver(Receivers::All, "x".into()).await, Err(Error::Stopped)));
    assert!(matches!(handle.send_event("/a", "shop", "x", true).await, Err(Error::Stopped)));
}
