//! The parts of a room that outlive its instance, its hibernation, and the process.

use crate::support::{Client, Host, Swappable};

/// Rooms that end at once when nobody is in them.
const NO_LINGER: [&str; 4] = ["--instances", "per-room", "--room-linger", "0s"];

/// Waits until this many rooms are open, and this many hibernate.
fn wait_for(host: &Swappable, open: u64, hibernating: u64) {
    loop {
        let status = host.status();
        if (status["rooms"].as_u64(), status["hibernating"].as_u64()) == (Some(open), Some(hibernating)) {
            return;
        }
    }
}

/// A client in this room that has heard of its own joining.
async fn enters(host: &Host, path: &str) -> Client {
    let mut client = Client::connect_to(host, path).await;
    assert!(client.hears().await.starts_with("joined "));
    client
}

#[tokio::test]
async fn a_room_that_hibernates_is_told_apart_and_opens_with_its_state() {
    let host = Swappable::run("probe", &NO_LINGER);
    let mut client = enters(&host.host, "/a").await;
    assert_eq!(client.asks("saved").await, "None");
    wait_for(&host, 1, 0);
    client.leaves(1000, "").await;
    wait_for(&host, 0, 1);
    let output = host.ask(&["status"]).stdout;
    assert!(String::from_utf8_lossy(&output).contains("rooms     0 open, 1 hibernating"));
    let mut client = enters(&host.host, "/a").await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Restored)");
    assert_eq!((client.asks("saved").await.as_str(), client.asks("list").await.as_str()), ("Some(1)", "[2] of 1"));
    wait_for(&host, 1, 0);
}

#[tokio::test]
async fn a_durable_timer_opens_the_room_that_hibernates() {
    let mut host = Host::run_with("probe", &NO_LINGER);
    let mut client = enters(&host, "/a").await;
    assert!(client.asks("durable 50 wake up").await.starts_with("ok("));
    client.leaves(1000, "").await;
    host.logs("timer wake up");
}

#[tokio::test]
async fn plain_timers_topics_and_denial_end_when_the_room_hibernates() {
    let host = Swappable::run("probe", &NO_LINGER);
    let mut client = enters(&host.host, "/a").await;
    assert_eq!((client.asks("subscribe news").await.as_str(), client.asks("deny").await.as_str()), ("ok", "()"));
    assert!(client.asks("timer 1 plain").await.starts_with("ok("));
    client.leaves(1000, "").await;
    wait_for(&host, 0, 1);
    let mut client = enters(&host.host, "/a").await;
    assert_eq!(client.asks("subscribers news").await, "[]");
}

#[tokio::test]
async fn the_room_of_one_client_keeps_no_timer() {
    let host = Swappable::run("probe", &["--instances", "per-client"]);
    let mut client = enters(&host.host, "/a").await;
    assert_eq!(client.asks("durable 50 wake up").await, "not-durable");
    client.leaves(1000, "").await;
    wait_for(&host, 0, 0);
}
