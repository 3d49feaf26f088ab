//! The log line at the end of a connection.

use crate::support::http::{Raw, text_frame, upgrade};
use crate::support::{Client, Host};
use serde_json::{Value, json};

/// A host that logs ends, as JSON.
fn run(guest: &str, arguments: &[&str]) -> Host {
    Host::run_with(guest, &[&["-v", "--log-format", "json"], arguments].concat())
}

/// The line about this client's end.
fn end(host: &mut Host, client: u64) -> Value {
    loop {
        let line: Value = serde_json::from_str(&host.logs("\"disconnected\"")).expect("the line is JSON");
        if line["client"] == client {
            return line;
        }
    }
}

/// Cause, code and reason.
fn why(line: &Value) -> Value {
    json!([line["cause"], line["code"], line["reason"]])
}

#[tokio::test]
async fn the_end_of_a_connection_is_a_line_with_its_cause_duration_and_counts() {
    let mut host = run("echo", &[]);
    let mut raw = Raw::connect(&host.address);
    // The first message comes with the request.
    raw.says(&[upgrade("/", &[]).as_bytes(), &text_frame("hello")].concat());
    assert_eq!(raw.head().status, 101);
    assert_eq!(raw.hears(), "hello");
    raw.says(&text_frame("again"));
    assert_eq!(raw.hears(), "again");
    // A ping of no bytes, then a close frame with 4000 and "a\nb", masked with zeros.
    raw.says(b"\x89\x80\0\0\0\0\x88\x85\0\0\0\0\x0f\xa0a\nb");
    raw.rest();
    let line = end(&mut host, 1);
    assert_eq!(why(&line), json!(["client", 4000, "a\\nb"]));
    // Each way: two texts, a ping or pong, and the close frame. Those of the client have masks of four bytes.
    let counts = ["messages_in", "bytes_in", "messages_out", "bytes_out"].map(|name| line[name].as_u64());
    assert_eq!(counts, [2, 2 * 11 + 6 + 11, 2, 2 * 7 + 2 + 7].map(Some));
    assert!(line["seconds"].as_f64().is_some_and(|seconds| seconds < 600.0), "{line}");
}

#[tokio::test]
async fn each_end_has_its_cause() {
    let mut host = run("probe", &["--max-message", "1KiB"]);
    let (client, id) = Client::join(&host).await;
    client.leaves(1000, "bye").await;
    assert_eq!(why(&end(&mut host, id)), json!(["client", 1000, "bye"]));

    let (client, id) = Client::join(&host).await;
    client.vanishes();
    assert_eq!(why(&end(&mut host, id)), json!(["lost", 1006, null]));

    let (mut client, id) = Client::join(&host).await;
    client.breaks_the_protocol().await;
    client.is_closed().await;
    drop(client);
    let line = end(&mut host, id);
    assert_eq!(line["cause"], "protocol");
    assert!(line["code"] == 1002 && line["reason"].is_string(), "{line}");

    let (mut client, id) = Client::join(&host).await;
    client.says(&"x".repeat(1025)).await;
    client.is_closed().await;
    drop(client);
    assert_eq!(end(&mut host, id)["cause"], "too-big");

    let (mut client, id) = Client::join(&host).await;
    client.says(&format!("close {id} 4001 enough")).await;
    client.is_closed().await;
    drop(client);
    assert_eq!(why(&end(&mut host, id)), json!(["guest", 4001, "enough"]));
}

#[tokio::test]
async fn a_client_that_the_gate_closes_is_told_too() {
    let mut host = run("probe", &[]);
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/close/4001/not-you", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    assert_eq!(raw.is_closed(), (4001, "not-you".to_owned()));
    let line: Value = serde_json::from_str(&host.logs("closed by the gate")).expect("the line is JSON");
    assert_eq!(json!([line["code"], line["reason"]]), json!([4001, "not-you"]));
    assert!(line["address"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")), "{line}");
}

#[tokio::test]
async fn a_reset_is_told_with_the_error_of_the_system() {
    let mut host = run("echo", &[]);
    let mut raw = Raw::connect(&host.address);
    raw.says(&[upgrade("/", &[]).as_bytes(), &text_frame("hello")].concat());
    assert_eq!((raw.head().status, raw.hears()), (101, "hello".to_owned()));
    raw.resets();
    let line = end(&mut host, 1);
    assert_eq!(why(&line), json!(["lost", 1006, null]));
    assert!(line["error"].as_str().is_some_and(|error| error.contains("reset")), "{line}");
}

#[tokio::test]
async fn a_client_that_is_left_at_the_end_of_the_host_has_its_line_too() {
    let mut host = run("echo", &["--drain", "100ms"]);
    let mut raw = Raw::connect(&host.address);
    raw.says(&[upgrade("/", &[]).as_bytes(), &text_frame("hello")].concat());
    assert_eq!((raw.head().status, raw.hears()), (101, "hello".to_owned()));
    host.signal("TERM");
    assert_eq!(raw.is_closed().0, 1001);
    // It does not answer the close frame.
    assert_eq!(why(&end(&mut host, 1)), json!(["shutdown", 1001, "the server shuts down"]));
}

#[tokio::test]
async fn without_v_no_end_is_logged() {
    let mut host = Host::run("echo");
    let client = Client::connect(&host).await;
    client.leaves(1000, "bye").await;
    host.signal("TERM");
    let log = host.rest_of_log();
    assert!(!log.contains("connected"), "{log}");
}
