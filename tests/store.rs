//! The store of a room, through the real binary and a guest.

mod crash;
mod full_disk;
mod wall;

use std::path::Path;

use crate::support::{Client, Host, fails, guest};

/// A host of the guest that keeps what it is told.
fn host(arguments: &[&str]) -> Host {
    Host::run_with("keeper", arguments)
}

fn data(folder: &Path) -> [&str; 2] {
    ["--data", folder.to_str().expect("a temporary folder's name is text")]
}

async fn join(host: &Host, path: &str) -> Client {
    let mut client = Client::connect_to(host, path).await;
    client.hears().await;
    client
}

/// All entries that a room has, each as `number text`.
async fn entries(client: &mut Client) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let part = client.asks(&format!("list {after}")).await;
        let Some(last) = part.lines().last() else { return all };
        after = last.split(' ').next().unwrap_or_default().to_owned();
        let entry = |line: &str| {
            let (key, text) = line.split_once(' ')?;
            Some(format!("{} {text}", key.trim_start_matches("entry/").trim_start_matches('0')))
        };
        all.extend(part.lines().filter_map(entry));
    }
}

#[tokio::test]
async fn a_store_in_memory_outlives_a_trap_and_its_room_but_not_the_host_which_says_so_once() {
    let mut running = host(&["--instances", "per-room", "--room-linger", "0ms"]);
    let mut one = join(&running, "/a").await;
    assert_eq!([one.asks("add x").await, one.asks("add y").await], ["1 x", "2 y"]);
    one.says("trap z").await;
    assert_eq!(one.is_closed().await.0, 1011);
    let mut other = join(&running, "/b").await;
    assert_eq!(other.asks("add of another room").await, "1 of another room");
    let mut two = join(&running, "/a").await;
    assert_eq!(two.asks("list").await, "entry/00000001 x\nentry/00000002 y\n");
    assert_eq!(two.asks("usage").await, "3 36");
    running.signal("TERM");
    let log = running.rest_of_log();
    assert_eq!(log.matches("stores data in memory, which ends with this process").count(), 1, "{log}");
    drop(running);
    let fresh = host(&["--instances", "per-room"]);
    let mut three = join(&fresh, "/a").await;
    assert_eq!(three.asks("usage").await, "0 0");
}

#[tokio::test]
async fn rooms_with_a_data_folder_keep_their_own_entries_over_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for start in 1..=2 {
        let mut arguments = data(folder.path()).to_vec();
        arguments.extend(["--instances", "per-room", "--shards", "2", "--store-sync", "normal"]);
        let mut host = host(&arguments);
        let (mut one, mut two) = (join(&host, "/a").await, join(&host, "/b").await);
        assert_eq!(one.asks("add x").await, format!("{start} x"));
        assert_eq!(two.asks("add y").await, format!("{start} y"));
        host.signal("TERM");
        let log = host.rest_of_log();
        assert!(host.ended().success() && !log.contains("in memory"), "{log}");
    }
}

#[tokio::test]
async fn the_store_of_a_room_of_one_client_ends_with_it() {
    let mut host = host(&["--instances", "per-client"]);
    for _ in 0..2 {
        let mut client = join(&host, "/").await;
        assert_eq!(client.asks("add x").await, "1 x");
        client.leaves(1000, "").await;
    }
    host.signal("TERM");
    let log = host.rest_of_log();
    assert!(!log.contains("in memory"), "{log}");
}

#[tokio::test]
async fn limits_of_a_store_have_errors_of_their_own() {
    let host = host(&["--instances", "per-room", "--store-room", "2000", "--store-total", "3000"]);
    let mut one = join(&host, "/a").await;
    assert_eq!(one.asks(&format!("set {} 1", "k".repeat(513))).await, "key-too-long");
    assert_eq!(one.asks("set a 131073").await, "value-too-big");
    assert_eq!(one.asks("set a 2000").await, "room-full");
    assert_eq!(one.asks("set a 1900").await, "set");
    let mut two = join(&host, "/b").await;
    assert_eq!(two.asks("set a 1900").await, "total-full");
    assert_eq!([one.asks("get a").await, one.asks("delete a").await], ["1900", "deleted"]);
    assert_eq!([one.asks("get a").await, two.asks("set a 1900").await], ["none", "set"]);
    assert_eq!([two.asks("clear").await, two.asks("usage").await], ["cleared", "0 0"]);
}

#[tokio::test]
async fn a_second_host_with_the_same_data_folder_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let host = host(&data(folder.path()));
    let file = guest("keeper");
    let mut arguments = vec!["run", file.to_str().expect("its name is text"), "--port", "0"];
    arguments.extend(data(folder.path()));
    let error = fails(&arguments);
    assert!(error.contains(&format!("is in use by process {}", host.pid())) && error.contains("--data"), "{error}");
}
