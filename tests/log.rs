//! Log lines that strangers and guests cause: their characters and their number.

use std::path::PathBuf;
use std::time::Instant;

use crate::support::http::{Raw, ask, text_frame, upgrade};
use crate::support::{Client, Host, command, guest};
use serde_json::Value;

/// A name of the same length as a function's. In it are the beginning of a log line, and controls of a terminal (C1, writing direction).
const FORGED: &[u8] = b"f\n2026 ERROR \xc2\x9b2J\xe2\x80\xae\xe2\x80\xa8z";

/// The hostile guest, one of whose functions has a name that forges a log line.
fn forger() -> (tempfile::TempDir, PathBuf) {
    const NAME: &[u8] = b"the_function_that_panics";
    let mut bytes = std::fs::read(guest("hostile")).expect("the guest is built");
    let mut named = 0;
    for at in 0..bytes.len() - NAME.len() {
        if bytes[at..].starts_with(NAME) {
            bytes[at..at + NAME.len()].copy_from_slice(FORGED);
            named += 1;
        }
    }
    assert!(named > 0, "the guest has names");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("forger.wasm");
    std::fs::write(&path, bytes).expect("the folder takes a file");
    (folder, path)
}

/// The log of a host while its guest traps in the function with the forged name.
async fn log_of_forger(arguments: &[&str]) -> String {
    let (_folder, file) = forger();
    let mut command = command();
    command.arg("run").arg(file).args(["--port", "0"]).args(arguments);
    let mut host = Host::start(command);
    let (mut client, _) = Client::join(&host).await;
    client.says("die panic").await;
    assert_eq!(client.is_closed().await.0, 1011);
    host.signal("TERM");
    host.rest_of_log()
}

#[tokio::test]
async fn a_function_of_a_guest_cannot_forge_a_line_by_its_name() {
    let log = log_of_forger(&[]).await;
    assert!(log.contains("f\\n2026 ERROR \\u{9b}2J\\u{202e}\\u{2028}z"), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("2026 ERROR")), "{log}");
}

#[tokio::test]
async fn nor_in_json() {
    let log = log_of_forger(&["--log-format", "json"]).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let trap = lines.iter().filter_map(|line| line["message"].as_str()).find(|message| message.contains("wasm backtrace"));
    let trap = trap.expect("the trap is logged");
    assert!(trap.contains("f\\n2026 ERROR \\u{9b}2J\\u{202e}\\u{2028}z"), "{trap}");
    for harmful in ["\n2026", "\u{9b}", "\u{202e}", "\u{2028}"] {
        assert!(!trap.contains(harmful), "{harmful:?} in {trap}");
    }
}

#[tokio::test]
async fn the_name_of_a_room_cannot_control_a_terminal() {
    let mut host = Host::run_with("hostile", &["--instances", "per-room", "--log-format", "json"]);
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/\u{202e}\u{9b}2J", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    raw.says(&text_frame("flood"));
    let line = host.logs("flooded");
    assert!(!line.contains(['\u{202e}', '\u{9b}']), "{line:?}");
    let line: Value = serde_json::from_str(&line).expect("the line is JSON");
    let room = line["room"].as_str().expect("the line names the room");
    assert!(room.ends_with("2J") && room.is_ascii(), "{room:?}");
}

/// The number of lines that a log says it has left out.
fn left_out(log: &str) -> usize {
    let number = |text: &str| text.split(' ').next().and_then(|number| number.parse::<usize>().ok());
    let between = log.split('(').filter(|rest| rest.contains("more like this were left out")).filter_map(number);
    between.chain(log.split("left out of the log: ").skip(1).filter_map(number)).sum()
}

#[tokio::test]
async fn refused_rooms_are_logged_once_in_ten_seconds() {
    let mut host = Host::run_with("echo", &["--instances", "per-room", "--max-rooms", "1", "--room-linger", "1h"]);
    let mut first = Client::connect_to(&host, "/first").await;
    assert_eq!(first.asks("hello").await, "hello");
    for stranger in 0..50 {
        assert_eq!(ask(&host.address, &upgrade(&format!("/{stranger}"), &[])).status, 503);
    }
    host.signal("TERM");
    let log = host.rest_of_log();
    // One, unless fifty requests take longer than ten seconds.
    let lines = log.matches("refused: there are 1 rooms already").count();
    assert!((1..=3).contains(&lines), "{lines} lines:\n{log}");
    assert_eq!(lines + left_out(&log), 50, "{log}");
}

#[tokio::test]
async fn rooms_that_fail_one_after_the_other_do_not_flood_the_log() {
    let mut host = Host::run_with("hostile", &["--instances", "per-client", "--shards", "1"]);
    let begun = Instant::now();
    for _ in 0..40 {
        let (mut client, _) = Client::join(&host).await;
        client.says("die unreachable").await;
        assert_eq!(client.is_closed().await.0, 1011);
    }
    host.signal("TERM");
    let log = host.rest_of_log();
    let lines = log.matches("the guest's on-message trapped").count();
    // Twenty in ten seconds.
    let most = 20 * (1 + begun.elapsed().as_secs() as usize / 10);
    assert!((20..=most).contains(&lines), "{lines} lines:\n{log}");
    assert_eq!(lines + left_out(&log), 40, "{log}");
}
