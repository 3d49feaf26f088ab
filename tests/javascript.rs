//! Rules that matter to JavaScript alone, in addition to `conformance.rs`.
//!
//! `cargo xtask test js-guests` builds the probe and runs the ignored tests.

use crate::support::{Client, Host};

const PROBE: &str = "js/probe";

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
        ("timeout", "Error: a guest has no setTimeout: use room.setTimer(ms, payload) and onTimer(payload)"),
    ] {
        let (mut client, _) = Client::join(&host).await;
        client.says(command).await;
        assert_eq!(client.is_closed().await.0, 1011);
        let log = host.logs_up_to("the guest's on-message");
        assert_eq!(log.matches(told).count(), 1, "{log}");
        assert!(log.contains("at onMessage (probe.js:"), "the position is in the source: {log}");
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
