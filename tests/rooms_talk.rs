//! Messages from one room to another.

use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Host, Swappable};

const PER_ROOM: [&str; 4] = ["--instances", "per-room", "--shards", "2"];

/// A client that has joined a room, whose name is the path.
async fn enters(host: &Host, room: &str) -> Client {
    let mut client = Client::connect_to(host, room).await;
    while !client.hears().await.starts_with("joined") {}
    client
}

/// A host, and a client in each of two rooms.
async fn two_rooms(more: &[&str]) -> (Host, Client, Client) {
    let host = Host::run_with("probe", &[&PER_ROOM, more].concat());
    let (a, b) = (enters(&host, "/a").await, enters(&host, "/b").await);
    (host, a, b)
}

#[tokio::test]
async fn rooms_of_all_shards_hear_each_other_in_order() {
    let host = Host::run_with("probe", &PER_ROOM);
    let mut lobby = enters(&host, "/lobby").await;
    // They are on both shards, but with a probability of one in 128.
    for number in 0..8 {
        let name = format!("/room/{number}");
        let mut member = enters(&host, &name).await;
        assert_eq!(member.asks("room").await, format!("room {name:?}"));
        assert_eq!(lobby.asks(&format!("tell-often {name} 100")).await, "ok");
        for text in 1..=100 {
            assert_eq!(member.hears().await, format!("event /lobby {text}"));
        }
        assert_eq!(member.asks("tell /lobby back thanks").await, "ok");
        assert_eq!(lobby.hears().await, format!("event {name} back thanks"));
        assert_eq!(member.hears().await, "event /lobby thanks");
    }
}

#[tokio::test]
async fn bytes_stay_bytes_and_a_name_counts_in_its_normal_form() {
    let (_host, mut a, mut b) = two_rooms(&[]).await;
    assert_eq!(a.asks("tell-bytes /%62 hello").await, "ok");
    assert_eq!(b.next().await, Message::binary(&b"hello"[..]));
    assert_eq!(a.asks("tell /b?c hello").await, "invalid-name");
    assert_eq!(a.asks("tell b hello").await, "invalid-name");
    assert_eq!(a.asks("tell /nobody hello").await, "no-such-room");
    assert_eq!(a.asks(&format!("tell-large /b {}", (1 << 20) + 1)).await, "too-big");
    assert_eq!(a.asks(&format!("tell-large /b {}", 1 << 20)).await, "ok");
}

#[tokio::test]
async fn a_room_begins_with_a_message_and_waits_for_its_first_client() {
    let (host, mut a, _b) = two_rooms(&[]).await;
    assert_eq!(a.asks("create /c count").await, "ok");
    let mut c = enters(&host, "/c").await;
    assert_eq!(c.asks("kept count").await, "Some(\"1\")");
    assert_eq!(c.asks("messages").await, "2 since Some(StartReason::Fresh)", "the instance of the message");
}

#[tokio::test]
async fn a_receiver_that_fails_has_had_its_message_and_closes_nobody() {
    let (_host, mut a, mut b) = two_rooms(&[]).await;
    assert_eq!(a.asks("tell /b panic").await, "ok");
    assert_eq!(a.asks("tell /b hello").await, "ok");
    assert_eq!(b.hears().await, "event /a hello");
    assert_eq!(b.asks("messages").await, "1 since Some(StartReason::AfterTrap)");
}

#[tokio::test]
async fn a_message_reaches_the_next_release() {
    let host = Swappable::run("probe", &PER_ROOM);
    let (mut a, mut b) = (enters(&host.host, "/a").await, enters(&host.host, "/b").await);
    b.says("compute 20").await;
    assert_eq!(a.asks("tell /b hello").await, "ok");
    host.swap("probe");
    while b.hears().await != "event /a hello" {}
}

#[tokio::test]
async fn a_room_of_all_clients_can_send_to_itself_and_a_room_of_one_client_to_nobody() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("room").await, "room \"main\"");
    assert_eq!(client.asks("tell main hello").await, "ok");
    assert_eq!(client.hears().await, "event main hello");
    assert_eq!(client.asks("create /other hello").await, "invalid-name");
    let host = Host::run_with("probe", &["--instances", "per-client"]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("room").await, "room \"\"");
    assert_eq!(client.asks("tell private-1 hello").await, "invalid-name");
}

#[tokio::test]
async fn a_guest_without_a_handler_drops_messages_and_the_log_tells_that_once() {
    let mut host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    for _ in 0..3 {
        assert_eq!(client.asks("tell main").await, "told");
    }
    host.logs("messages of other rooms are dropped");
    client.leaves(1000, "").await;
    host.signal("TERM");
    let rest = host.rest_of_log();
    assert!(!rest.contains("messages of other rooms"), "{rest}");
}

/// A host that keeps its rooms in this folder.
fn durable(folder: &std::path::Path) -> Host {
    Host::run_with("probe", &[&PER_ROOM[..], &["--data", folder.to_str().expect("the path is UTF-8")]].concat())
}

#[tokio::test]
async fn a_stored_message_outlives_a_crash_and_arrives_once() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let host = durable(folder.path());
    let (mut a, mut b) = (enters(&host, "/a").await, enters(&host, "/b").await);
    b.says("spin").await;
    for text in ["count one", "two", "count three"] {
        assert_eq!(a.asks(&format!("write-and-tell /b {text}")).await, "ok");
    }
    host.signal("KILL");
    drop((a, b, host));
    let host = durable(folder.path());
    let mut b = enters(&host, "/b").await;
    while b.asks("kept count").await != "Some(\"2\")" {}
    host.signal("KILL");
    drop((b, host));
    let host = durable(folder.path());
    let mut b = enters(&host, "/b").await;
    assert_eq!(b.asks("kept count").await, "Some(\"2\")");
}

#[tokio::test]
async fn at_a_shutdown_rooms_handle_the_messages_of_their_last_handlers() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut host = durable(folder.path());
    let (mut a, _b) = (enters(&host, "/a").await, enters(&host, "/b").await);
    assert_eq!(a.asks("tell-on-leave /b count").await, "ok");
    host.signal("TERM");
    assert_eq!(a.is_closed().await.0, 1001);
    drop((a, _b));
    assert!(host.ended().success());
    let host = durable(folder.path());
    let mut b = enters(&host, "/b").await;
    assert_eq!(b.asks("kept count").await, "Some(\"1\")");
}
