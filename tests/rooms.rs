//! Which clients share an instance, and how long a room lives.

use std::time::{Duration, Instant};

use crate::support::http::{Raw, upgrade};
use crate::support::{Client, Host, refusal};

#[tokio::test]
async fn per_room_the_path_names_the_room_and_rooms_do_not_hear_each_other() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--shards", "2"]);
    let mut blue = Client::connect_to(&host, "/room/blue").await;
    assert_eq!(blue.hears().await, "joined 1");
    let mut red = Client::connect_to(&host, "/room/red").await;
    assert_eq!(red.hears().await, "joined 2");
    let mut blue_too = Client::connect_to(&host, "/room/blue?the=query#does-not-count").await;
    assert_eq!(blue_too.hears().await, "joined 3");
    assert_eq!(blue.hears().await, "joined 3");
    assert_eq!(red.asks("list").await, "[2] of 1");
    assert_eq!(blue.asks("list").await, "[1, 3] of 2");
    // A client of another room does not exist here.
    assert_eq!(blue.asks("send 2 hello").await, "no-such-client");
    assert_eq!(blue.asks("get 2").await, "nobody");
    assert!(blue.asks("close 2 4000 x").await.starts_with("no-such-client"));
    assert_eq!(red.asks("messages").await, "2 since Some(StartReason::Fresh)");
}

#[tokio::test]
async fn all_forms_of_one_path_name_one_room() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--room-path", "/chat/{room}"]);
    let mut blue = Client::connect_to(&host, "/chat/blue").await;
    assert_eq!(blue.hears().await, "joined 1");
    let mut encoded = Client::connect_to(&host, "/chat/%62lu%65").await;
    assert_eq!((encoded.hears().await.as_str(), blue.hears().await.as_str()), ("joined 2", "joined 2"));
    let told = blue.asks("get 2").await;
    assert!(told.contains(" path=/chat/blue "), "{told}");
    let mut slash = Client::connect_to(&host, "/chat/blue%2F").await;
    assert_eq!((slash.hears().await.as_str(), slash.asks("list").await.as_str()), ("joined 3", "[3] of 1"));
}

#[tokio::test]
async fn a_pattern_selects_the_part_of_the_path_that_names_the_room() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--room-path", "/chat/{room}"]);
    let mut client = Client::connect_to(&host, "/chat/blue").await;
    assert_eq!(client.hears().await, "joined 1");
    assert_eq!(refusal(&host, "/elsewhere", &[]).await, 404);
    assert_eq!(refusal(&host, "/chat/", &[]).await, 404);
}

#[tokio::test]
async fn a_pattern_without_a_room_is_a_mistake() {
    let echo = crate::support::guest("echo");
    let echo = echo.to_str().expect("the path is UTF-8");
    let line = crate::support::fails(&["run", echo, "--port", "0", "--instances", "per-room", "--room-path", "/chat"]);
    assert!(line.contains("/chat/{room}"), "{line}");
}

#[tokio::test]
async fn per_client_each_connection_has_an_instance_of_its_own() {
    let host = Host::run_with("probe", &["--instances", "per-client"]);
    let mut first = Client::connect(&host).await;
    assert_eq!(first.hears().await, "joined 1");
    let mut second = Client::connect(&host).await;
    assert_eq!(second.hears().await, "joined 2");
    assert_eq!(first.asks("list").await, "[1] of 1");
    assert_eq!(second.asks("messages").await, "1 since Some(StartReason::Fresh)");
    second.says("panic").await;
    assert_eq!(second.is_closed().await.0, 1011);
    assert_eq!(first.asks("messages").await, "2 since Some(StartReason::Fresh)");
}

#[tokio::test]
async fn per_client_an_instance_ends_with_its_connection() {
    let host = Host::run_with("probe", &["--instances", "per-client", "--max-rooms", "1"]);
    for id in 1..=3 {
        let (client, joined) = Client::join(&host).await;
        assert_eq!(joined, id);
        client.leaves(1000, "").await;
    }
}

#[test]
fn a_room_does_not_wait_for_a_client_that_is_gone_before_its_answer() {
    const ONE: &[&str] = &["--instances", "per-client", "--max-rooms", "1", "--handshake-timeout", "1h"];
    let host = Host::run_with("probe", ONE);
    for _ in 0..10 {
        let mut gone = Raw::connect(&host.address);
        gone.says(upgrade("/", &[]).as_bytes());
        gone.resets();
    }
    let begun = Instant::now();
    loop {
        let mut raw = Raw::connect(&host.address);
        raw.says(upgrade("/", &[]).as_bytes());
        match raw.head().status {
            101 => break,
            status => assert!(status == 503 && begun.elapsed() < Duration::from_secs(30), "{status}"),
        }
    }
}

#[tokio::test]
async fn an_empty_room_ends_after_its_grace_period_and_opens_again_with_its_state() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--room-linger", "0s"]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Fresh)");
    client.leaves(1000, "").await;
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Restored)");
    assert_eq!(client.asks("saved").await, "Some(1)");
}

#[tokio::test]
async fn an_empty_room_within_its_grace_period_goes_on() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--room-linger", "1h"]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Fresh)");
    client.leaves(1000, "").await;
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("messages").await, "2 since Some(StartReason::Fresh)");
}

#[tokio::test]
async fn a_room_that_computes_does_not_hold_up_the_others_of_its_shard() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--shards", "1", "--call-timeout", "1h"]);
    let mut busy = Client::connect_to(&host, "/busy").await;
    busy.hears().await;
    // It never ends, so the others would wait forever if they had to wait for it.
    busy.says("spin").await;
    let mut other = Client::connect_to(&host, "/other").await;
    assert_eq!(other.hears().await, "joined 2");
    assert_eq!(other.asks("say I need not wait").await, "I need not wait");
}

#[tokio::test]
async fn a_trap_in_one_room_leaves_the_others_alone() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--shards", "1"]);
    let mut blue = Client::connect_to(&host, "/blue").await;
    blue.hears().await;
    let mut red = Client::connect_to(&host, "/red").await;
    red.hears().await;
    assert_eq!(red.asks("messages").await, "1 since Some(StartReason::Fresh)");
    blue.says("panic").await;
    assert_eq!(blue.is_closed().await.0, 1011);
    assert_eq!(red.asks("messages").await, "2 since Some(StartReason::Fresh)");
}

#[tokio::test]
async fn a_room_above_the_limit_is_refused_and_the_log_has_the_reason() {
    let mut host = Host::run_with("probe", &["--instances", "per-room", "--max-rooms", "2", "--room-linger", "0s"]);
    let (_blue, _) = join(&host, "/blue").await;
    let (red, _) = join(&host, "/red").await;
    assert_eq!(refusal(&host, "/green", &[]).await, 503);
    host.logs("there are 2 rooms already");
    // The end of a room allows another one. Existing rooms take more clients at any time.
    red.leaves(1000, "").await;
    join(&host, "/green").await;
    join(&host, "/blue").await;
}

#[test]
#[cfg(target_os = "linux")]
fn more_rooms_than_the_kernel_has_memory_mappings_for_are_refused_at_the_start() {
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").expect("Linux has a limit");
    let (file, too_many) = (crate::support::guest("echo"), limit.trim());
    let file = file.to_str().expect("the path is text");
    let line = crate::support::fails(&["run", file, "--port", "0", "--instances", "per-room", "--max-rooms", too_many]);
    assert!(line.contains(&format!("(--max-rooms, {too_many}) is too large: ")), "{line}");
    assert!(line.contains("Lower --max-rooms, or raise the kernel's limit with `sysctl vm.max_map_count="), "{line}");
}

#[tokio::test]
async fn a_full_room_refuses_new_clients_until_one_leaves() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--max-room-clients", "2"]);
    let (mut first, _) = join(&host, "/blue").await;
    let (second, _) = join(&host, "/blue").await;
    assert_eq!(refusal(&host, "/blue", &[]).await, 503);
    join(&host, "/red").await;
    second.leaves(1000, "").await;
    first.hears().await;
    assert!(first.hears().await.starts_with("left 2"));
    join(&host, "/blue").await;
}

/// Connects to a room, and waits until the probe reports that this client has joined.
async fn join(host: &Host, path: &str) -> (Client, String) {
    let mut client = Client::connect_to(host, path).await;
    let joined = client.hears().await;
    assert!(joined.starts_with("joined "), "{joined}");
    (client, joined)
}

#[test]
fn a_room_keeps_its_limit_when_many_clients_join_at_once() {
    let host = Host::run_with("probe", &["--max-room-clients", "3"]);
    let mut all: Vec<_> = (0..20).map(|_| Raw::connect(&host.address)).collect();
    for raw in &mut all {
        raw.says(upgrade("/", &[]).as_bytes());
    }
    let mut members = 0;
    for raw in &mut all {
        if raw.head().status == 503 {
            continue;
        }
        // A client that was admitted in spite of the limit is closed before any other hears of it.
        match raw.frame() {
            (0x81, _) => members += 1,
            (0x88, reason) => assert_eq!(reason, [&1013_u16.to_be_bytes()[..], b"the room is full"].concat()),
            other => panic!("a text or a close frame comes, not {other:?}"),
        }
    }
    assert_eq!(members, 3);
}
