//! Rules that matter to JavaScript alone, in addition to `conformance.rs`.
//!
//! `cargo xtask test js-guests` builds the probe and runs the ignored tests.

use std::process::{Command, Output};

use crate::support::http::{Raw, ask, request};
use crate::support::{Client, Host, Swappable};

const PROBE: &str = "js/probe";

/// Runs a script with Node.js in the folder of the fixtures.
fn node(arguments: &[&str]) -> Output {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/guests-js");
    Command::new("node").args(arguments).current_dir(fixtures).output().expect("node starts")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("the output is text")
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn half_of_a_surrogate_pair_arrives_as_a_replacement_character() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("half-a-pair").await, "a\u{fffd}b");
    assert_eq!(client.asks("utf8 grüße, 世界 🌍").await, "grüße, 世界 🌍");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn an_exception_is_logged_once_with_its_stack() {
    let mut host = Host::run(PROBE);
    for (command, told) in [
        ("not-a-message", "TypeError: a message is a string or bytes, not object: JSON.stringify it"),
        ("reject-now", "Error: told to reject"),
    ] {
        let (mut client, _) = Client::join(&host).await;
        client.says(command).await;
        assert_eq!(client.is_closed().await.0, 1011);
        let log = host.logs_up_to("the guest's on-message");
        assert_eq!(log.matches(told).count(), 1, "{log}");
        assert!(log.contains(" (probe.js:"), "the position is in the source: {log}");
    }
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn random_numbers_differ_from_one_instance_to_the_next() {
    let host = Host::run_with(PROBE, &["--instances", "per-client"]);
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    // `Math.random()` and `crypto.randomUUID()`.
    let (one, other) = (first.asks("random").await, second.asks("random").await);
    let (one, other) = (one.split_once(' ').expect("two words"), other.split_once(' ').expect("two words"));
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn numbers_drawn_while_the_module_loads_are_the_same_in_every_instance() {
    let host = Host::run_with(PROBE, &["--instances", "per-client"]);
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    assert_eq!(first.asks("random-while-loading").await, second.asks("random-while-loading").await);
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn process_env_has_the_variables_of_the_host_in_handlers_and_none_while_the_module_loads() {
    let host = Host::run_with(PROBE, &["--env", "COLOUR=blue"]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("env COLOUR").await, "blue, NODE_ENV,COLOUR, while loading NODE_ENV");
    assert_eq!(client.asks("env NONE").await, "undefined, NODE_ENV,COLOUR, while loading NODE_ENV");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_handler_may_wait_for_promises_timers_and_async_generators() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    client.says("later on").await;
    for heard in ["now", "after a job", "after a timer, on", "number 1", "number 2"] {
        assert_eq!(client.hears().await, heard);
    }
    assert_eq!(client.asks("many-jobs 100000").await, "100000");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_rejection_that_no_code_handles_is_told_once_and_costs_nothing() {
    let mut host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    client.says("reject-and-handle").await;
    client.says("reject").await;
    assert_eq!(client.asks("messages").await, "3 since Some(StartReason::Fresh)");
    client.says("print that was it").await;
    let log = host.logs_up_to("that was it");
    assert_eq!(log.matches("a promise was rejected, and no code handles that: Error: nobody looks").count(), 1, "{log}");
    assert!(log.contains("at reject ("), "{log}");
    assert!(!log.contains("Error: handled"), "{log}");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn rejections_of_one_event_beyond_a_hundred_are_counted() {
    let mut host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    client.says("reject-many 1000").await;
    client.says("print that was it").await;
    let log = host.logs_up_to("that was it");
    // Of the first hundred, half were handled.
    assert_eq!(log.matches("and no code handles that: Error: number ").count(), 50, "{log}");
    assert_eq!(log.matches("450 more promises were rejected in the same event, and no code handles that").count(), 1, "{log}");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_handler_that_fails_behind_a_timer_costs_the_instance_and_no_client() {
    let mut host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    client.says("reject-later").await;
    host.logs("onMessage has failed: Error: told to reject later");
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::AfterTrap)");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn timers_that_the_module_sets_while_it_loads_begin_with_the_room() {
    let host = Host::run("js/web");
    let mut client = Client::connect(&host).await;
    assert_eq!(client.asks("ticks").await, "true");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn the_globals_of_the_web_answer_as_those_of_nodejs() {
    let script = "import('./web-cases.js').then(async ({ results }) => process.stdout.write((await results()).join('\\n')))";
    let nodes = text(node(&["--eval", script]).stdout);
    let host = Host::run("js/web");
    let mut client = Client::connect(&host).await;
    let guests = client.asks("all").await;
    assert!(nodes.lines().count() > 200, "{nodes}");
    for (node, guest) in nodes.lines().zip(guests.lines()) {
        assert_eq!(guest, node);
    }
    assert_eq!(guests.lines().count(), nodes.lines().count());
    assert_eq!(client.asks("standard").await, "[]", "where Node.js 20 differs from the standards");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_guest_answers_plain_http_with_a_response_now_or_later() {
    let mut host = Host::run(PROBE);
    let mut raw = Raw::connect(&host.address);
    raw.says("POST /echo?a=b HTTP/1.1\r\nHost: localhost:1\r\nX-Note: n\r\nContent-Length: 7\r\n\r\ngrüße".as_bytes());
    let answer = raw.whole_answer();
    assert_eq!(answer.header("content-type"), "application/json");
    let expected = r#"["POST","http://localhost:1/echo?a=b","n","grüße","127.0.0.1"]"#;
    assert_eq!((answer.status, text(answer.body).as_str()), (201, expected));
    assert_eq!(ask(&host.address, &request("GET /later")).body, b"at last");
    assert_eq!(ask(&host.address, &request("GET /reject")).status, 500);
    host.logs("onRequest has failed, and the answer is 500: Error: told to reject");
    assert_eq!(ask(&host.address, &request("GET /throw")).status, 500);
    host.logs("onRequest has failed: Error: told to throw");
    let mut raw = Raw::connect(&host.address);
    // More than the hard limit, so it comes whole only if it goes out no faster than it is read.
    raw.says(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(raw.head().status, 200);
    let pieces = std::iter::from_fn(|| Some(raw.chunk().len()).filter(|length| *length > 0));
    assert_eq!(pieces.sum::<usize>(), 8 << 20);
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_guest_sends_events_to_a_client_of_plain_http_until_it_goes() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    let mut raw = Raw::connect(&host.address);
    raw.says(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(raw.head().header("content-type"), "text/event-stream");
    for word in ["one", "two"] {
        assert_eq!(client.asks(&format!("publish-event {word}")).await, "1 follow");
        assert_eq!(raw.chunk(), format!("data: {word}\n\n").as_bytes());
    }
    drop(raw);
    assert_eq!(client.hears().await, "aborted");
    assert_eq!(client.asks("publish-event three").await, "0 follow");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn the_answer_of_a_stream_that_fails_is_cut_and_so_are_streams_at_a_swap() {
    let host = Swappable::run(PROBE, &[]);
    let mut raw = Raw::connect(&host.host.address);
    raw.says(b"GET /half HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(raw.head().status, 200);
    assert_eq!(raw.chunk(), b"half");
    raw.is_cut();
    let mut raw = Raw::connect(&host.host.address);
    raw.says(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(raw.head().status, 200);
    host.swap(PROBE);
    raw.is_cut();
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn bytes_that_the_host_keeps_are_read_back_as_bytes() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("bytes-kept").await, r#"[["empty",[]],["json",{"a":1}],["raw",[255,0]]],[255,0],{"b":2},[255]"#);
    let heard = client.hears().await;
    assert!(heard.starts_with("timer ") && heard.ends_with(" 254"), "{heard}");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_signal_that_nothing_waits_for_is_not_kept_by_those_that_it_follows() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    client.says("follow").await;
    assert_eq!(client.asks("followed").await, "gone, gone, held");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn the_server_of_graphql_ws_serves_its_own_client() {
    let host = Host::run("js/graphql");
    let url = host.url("/");
    let answers = tokio::task::spawn_blocking(move || node(&["graphql/client.mjs", &url])).await.expect("node runs");
    let expected = [
        r#"{"greeting":"Hello, Ann"} "#,
        r#"{"broken":null} told to fail"#,
        r#"{"countdown":2} "#,
        r#"{"countdown":1} "#,
        r#"{"countdown":0} "#,
        "",
    ];
    assert_eq!(text(answers.stdout), expected.join("\n"), "{}", text(answers.stderr));
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_state_of_nearly_16_mib_is_handed_over() {
    let host = Swappable::run(PROBE, &[]);
    let (mut client, _) = Client::join(&host.host).await;
    assert_eq!(client.asks("ballast 15000").await, "15000 KiB");
    host.swap(PROBE);
    assert_eq!(client.asks("ballast").await, "15000 KiB");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn timers_run_in_the_order_of_their_time() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("timers").await, "immediately early tick tock late");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn input_that_is_nested_too_deeply_is_an_exception_that_can_be_caught() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("deep 10000").await, "read");
    assert_eq!(client.asks("deep 1000000").await, "RangeError: Maximum call stack size exceeded");
    assert_eq!(client.asks("recursion").await, "RangeError: Maximum call stack size exceeded");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_global_that_a_guest_lacks_is_undefined() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("features").await, "undefined undefined undefined function function");
}
