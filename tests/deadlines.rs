//! How long a connection may take until its upgrade, and what is answered before the end.

use std::time::{Duration, Instant};

use crate::support::http::{Raw, ask, request, upgrade};
use crate::support::{Client, Host};

/// A request after which the connection is kept.
const PAGE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
fn an_unfinished_request_is_told_that_its_time_is_over_and_a_silent_connection_just_ends() {
    let host = Host::run_with("echo", &["--handshake-timeout", "1s"]);
    let late = ask(&host.address, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    assert_eq!((late.status, late.header("connection"), late.header("retry-after")), (408, "close", ""));
    let mut silent = Raw::connect(&host.address);
    assert!(silent.ends());
}

#[tokio::test]
async fn an_upgrade_whose_room_waits_for_too_long_is_asked_to_come_back() {
    let host = Host::run_with("hostile", &["--handshake-timeout", "1s", "--call-wait", "1h"]);
    let (mut sleeps, _) = Client::join(&host).await;
    sleeps.says("sleep 3600000").await;
    // The pong comes behind the message, so the handler has the message by then.
    sleeps.is_answered_a_ping().await;
    let busy = ask(&host.address, &upgrade("/", &[]));
    assert_eq!((busy.status, busy.header("connection"), busy.header("retry-after")), (503, "close", "5"));
    assert_eq!(busy.body, b"the room did not decide in time\n");
}

#[test]
fn the_last_answer_on_a_kept_connection_says_so() {
    let host = Host::run_with("echo", &["--handshake-timeout", "2s"]);
    let mut raw = Raw::connect(&host.address);
    let mut kept = 0;
    loop {
        raw.says(PAGE);
        let answer = raw.whole_answer();
        assert_eq!(answer.status, 200);
        if answer.header("connection") == "close" {
            break;
        }
        kept += 1;
    }
    assert!(kept > 0, "the first one is not the last");
    assert!(raw.ends());
}

#[test]
fn a_kept_connection_that_its_client_ends_frees_its_place() {
    let host = Host::run_with("echo", &["--handshake-timeout", "1h", "--max-connections", "1"]);
    let mut kept = Raw::connect(&host.address);
    kept.says(PAGE);
    assert_eq!(kept.whole_answer().status, 200);
    drop(kept);
    // Permits are returned a moment after the end of their connection.
    let end = Instant::now() + Duration::from_secs(20);
    while ask(&host.address, &request("GET /")).status != 200 {
        assert!(Instant::now() < end, "its permit is free again");
    }
}

#[test]
fn a_kept_connection_ends_with_its_next_answer_once_the_host_shuts_down() {
    let host = Host::run("probe");
    let mut kept = Raw::connect(&host.address);
    kept.says(PAGE);
    assert_eq!(kept.whole_answer().header("connection"), "");
    // This client does not answer its close frame, so the drain waits for it.
    let (mut inside, _) = Raw::join(&host.address);
    host.signal("TERM");
    assert_eq!(inside.is_closed().0, 1001);
    kept.says(PAGE);
    assert_eq!(kept.whole_answer().header("connection"), "close");
    assert!(kept.ends());
}
