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
async fn a_handler_that_fails_behind_a_timer_costs_the_instance_and_no_client() {
    let mut host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    client.says("reject-later").await;
    host.logs("onMessage has failed: Error: told to reject later");
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::AfterTrap)");
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
    assert_eq!(client.asks("deep").await, "RangeError: Maximum call stack size exceeded");
    assert_eq!(client.asks("recursion").await, "RangeError: Maximum call stack size exceeded");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
async fn a_global_that_a_guest_lacks_is_undefined() {
    let host = Host::run(PROBE);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("features").await, "undefined undefined undefined function function");
}
