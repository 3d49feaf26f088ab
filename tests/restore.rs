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

/// A host with rooms that end at once, and this data folder.
fn with_data(folder: &tempfile::TempDir, more: &[&str]) -> Host {
    let folder = folder.path().to_str().expect("the path is text");
    Host::run_with("probe", &[&["--data", folder], more].concat())
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Ends a host.
fn ends(mut host: Host, signal: &str) {
    host.signal(signal);
    host.ended();
}

#[tokio::test]
async fn a_host_that_shuts_down_keeps_the_states_of_its_rooms() {
    let data = folder();
    for (arguments, path) in [(&[][..], "/"), (&["--instances", "per-room"][..], "/a")] {
        let host = with_data(&data, arguments);
        let mut client = enters(&host, path).await;
        assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Fresh)");
        ends(host, "TERM");
        let host = with_data(&data, arguments);
        let mut client = enters(&host, path).await;
        assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Restored)");
        assert_eq!(client.asks("saved").await, "Some(1)");
        assert!(client.asks("list").await.ends_with(" of 1"), "the members of before are gone");
        ends(host, "TERM");
    }
}

#[tokio::test]
async fn a_room_that_was_open_in_a_crash_is_recovered_and_one_that_hibernated_is_restored() {
    let data = folder();
    let host = with_data(&data, &NO_LINGER);
    for path in ["/open", "/hibernating"] {
        let mut client = enters(&host, path).await;
        assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Fresh)");
        client.leaves(1000, "").await;
        let mut again = enters(&host, path).await;
        assert_eq!(again.asks("messages").await, "1 since Some(StartReason::Restored)");
        if path == "/hibernating" {
            again.leaves(1000, "").await;
            // A room that opens behind it shows that it has ended: it answers with what was saved.
            let mut last = enters(&host, path).await;
            assert_eq!(last.asks("saved").await, "Some(1)");
            last.leaves(1000, "").await;
            continue;
        }
        assert_eq!((again.asks("say more").await.as_str(), again.asks("say more").await.as_str()), ("more", "more"));
        std::mem::forget(again);
    }
    ends(host, "KILL");
    let host = with_data(&data, &NO_LINGER);
    let mut client = enters(&host, "/open").await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Recovered)");
    assert_eq!(client.asks("saved").await, "Some(1)", "as it was when the room closed");
}

#[tokio::test]
async fn a_durable_timer_outlives_a_crash() {
    let data = folder();
    let host = with_data(&data, &NO_LINGER);
    let mut client = enters(&host, "/a").await;
    assert!(client.asks("durable 5000 after the crash").await.starts_with("ok("));
    assert!(client.asks("durable 3600000 much later").await.starts_with("ok("));
    ends(host, "KILL");
    let mut host = with_data(&data, &NO_LINGER);
    host.logs("timer after the crash");
    ends(host, "TERM");
    let mut host = with_data(&data, &NO_LINGER);
    let mut client = enters(&host, "/a").await;
    assert_eq!(client.asks("say here").await, "here");
    ends_and_logs_no(&mut host, "timer after the crash");
}

/// Ends a host, whose log has no such line.
fn ends_and_logs_no(host: &mut Host, line: &str) {
    host.signal("TERM");
    let log = host.rest_of_log();
    assert!(!log.contains(line), "{log}");
}

#[tokio::test]
async fn no_client_gets_the_id_of_one_before_a_crash() {
    let data = folder();
    let host = with_data(&data, &[]);
    let (_client, first) = Client::join(&host).await;
    ends(host, "KILL");
    let host = with_data(&data, &[]);
    let (_client, second) = Client::join(&host).await;
    assert!((first, second) == (1, 65_537), "{first} {second}");
}

#[tokio::test]
async fn a_release_that_refuses_the_state_of_a_room_does_not_lose_it() {
    let data = folder();
    let host = with_data(&data, &[]);
    let mut client = enters(&host, "/").await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Fresh)");
    ends(host, "TERM");
    let (refuser, data_folder) = (crate::support::guest("refuser"), data.path().to_str().expect("the path is text"));
    let refuser = refuser.to_str().expect("the path is text");
    let line = crate::support::fails(&["run", refuser, "--port", "0", "--data", data_folder]);
    assert!(line.contains("refused"), "{line}");
    let host = with_data(&data, &[]);
    let mut client = enters(&host, "/").await;
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Restored)");
    assert_eq!(client.asks("saved").await, "Some(1)");
}

#[tokio::test]
async fn status_counts_the_rooms_in_the_data_folder() {
    let data = folder();
    let host = with_data(&data, &NO_LINGER);
    enters(&host, "/a").await.leaves(1000, "").await;
    ends(host, "TERM");
    let data_folder = data.path().to_str().expect("the path is text");
    let host = Swappable::run("probe", &[&NO_LINGER[..], &["--data", data_folder]].concat());
    wait_for(&host, 0, 1);
    let _client = enters(&host.host, "/a").await;
    wait_for(&host, 1, 0);
}
