//! Effects are all or nothing, and failure stays in its room.

use crate::support::{Client, Host, refusal};

#[tokio::test]
async fn a_handler_that_panics_sends_nothing_and_only_its_client_is_closed() {
    let mut host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let (mut fails, _) = Client::join(&host).await;
    assert_eq!(stays.hears().await, "joined 2");
    fails.says("panic now").await;
    assert_eq!(fails.is_closed().await.0, 1011);
    // No broadcast of the failed handler arrived before this.
    assert!(stays.hears().await.starts_with("left 2: 1011 \"the application failed\" clean=true CloseCause::Trap"));
    assert_eq!(stays.asks("attachment 2").await, "None");
    assert_eq!(stays.asks("subscribers half").await, "[]");
    // `deny` was undone as well.
    let (_third, id) = Client::join(&host).await;
    assert_eq!(id, 3);
    assert!(host.logs("told to panic: now").contains("room"), "the panic's message names the room");
    assert!(host.logs("the guest's on-message trapped").contains("panicked"));
    host.logs("probe");
}

#[tokio::test]
async fn after_a_trap_a_fresh_instance_starts_and_is_told_the_reason() {
    let host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let (mut fails, _) = Client::join(&host).await;
    stays.hears().await;
    assert_eq!(stays.asks("messages").await, "1 since Some(StartReason::Fresh)");
    fails.says("panic").await;
    fails.is_closed().await;
    stays.hears().await;
    assert_eq!(stays.asks("messages").await, "1 since Some(StartReason::AfterTrap)");
}

#[tokio::test]
async fn attachments_topics_and_timers_survive_a_trap() {
    let host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let (mut fails, _) = Client::join(&host).await;
    stays.hears().await;
    assert_eq!(stays.asks("attach 1 a note").await, "ok");
    assert_eq!(stays.asks("subscribe news").await, "ok");
    assert_eq!(stays.asks("timer 1000 tick").await, "ok(1)");
    fails.says("panic").await;
    fails.is_closed().await;
    stays.says_at_once(&["attachment 1", "subscribers news"]).await;
    let mut heard = stays.hears_in_any_order(4).await;
    heard.retain(|text| !text.starts_with("left 2"));
    assert_eq!(heard, ["Some(\"a note\")", "[1]", "timer 1 tick"].map(String::from).into());
}

#[tokio::test]
async fn a_panic_while_a_client_joins_closes_that_client() {
    let host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let mut fails = Client::connect_to(&host, "/?panic-on-join").await;
    assert_eq!(fails.is_closed().await.0, 1011);
    assert!(stays.hears().await.starts_with("left 2: 1011"));
}

#[tokio::test]
async fn a_guest_that_computes_forever_is_ended_and_its_room_goes_on() {
    let mut host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let (mut spins, _) = Client::join(&host).await;
    stays.hears().await;
    spins.says("spin").await;
    stays.says("say I waited").await;
    assert_eq!(spins.is_closed().await.0, 1011);
    assert_eq!(stays.hears().await, "I waited");
    host.logs("ran for longer than the 1s");
}

#[tokio::test]
async fn a_guest_that_takes_all_memory_is_ended_and_its_room_goes_on() {
    let host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let (mut hoards, _) = Client::join(&host).await;
    stays.hears().await;
    hoards.says("hoard").await;
    assert_eq!(hoards.is_closed().await.0, 1011);
    assert!(stays.hears().await.starts_with("left 2: 1011"));
    assert_eq!(stays.asks("say here").await, "here");
}

#[tokio::test]
async fn a_guest_that_fails_again_and_again_is_held_back() {
    let host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    for id in 2..=7 {
        let mut fails = Client::connect(&host).await;
        fails.hears().await;
        fails.says("panic").await;
        assert_eq!(fails.is_closed().await.0, 1011, "client {id}");
    }
    // The sixth failure within ten seconds opens the circuit.
    assert_eq!(stays.is_closed().await.0, 1013);
    assert_eq!(refusal(&host, "/", &[]).await, 503);
}

#[tokio::test]
async fn guest_output_becomes_log_lines_that_name_the_room() {
    let mut host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("print a line of the guest").await;
    let line = host.logs("a line of the guest");
    assert!(line.contains("room=\"main\""), "{line}");
}

#[tokio::test]
async fn attachments_are_bounded_and_can_be_removed() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("attachment 1").await, "None");
    assert_eq!(client.asks("attach-bytes 16384").await, "ok");
    assert_eq!(client.asks("attach-bytes 16385").await, "too-big");
    assert_eq!(client.asks("attach-bytes 0").await, "ok");
    assert_eq!(client.asks("attachment 1").await, "None");
    assert_eq!(client.asks("attach 99 x").await, "no-such-client");
}

#[tokio::test]
async fn topics_reach_their_subscribers_and_a_leaver_is_removed() {
    let host = Host::run("probe");
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    first.hears().await;
    assert_eq!(first.asks("subscribe news").await, "ok");
    assert_eq!(first.asks("subscribe news").await, "ok");
    assert_eq!(second.asks("subscribe news").await, "ok");
    assert_eq!(second.asks("publish news hello").await, "hello");
    assert_eq!(second.hears().await, "ok");
    assert_eq!(first.hears().await, "hello");
    assert_eq!(second.asks("unsubscribe news").await, "()");
    assert_eq!(first.asks("subscribers news").await, "[1]");
    assert_eq!(second.asks("subscribe news").await, "ok");
    second.leaves(1000, "").await;
    first.hears().await;
    assert_eq!(first.asks("subscribers news").await, "[1]");
    assert_eq!(first.asks("subscribe ").await, "invalid-topic");
}

#[tokio::test]
async fn timers_run_once_or_again_and_again_until_they_are_cancelled() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("timer 1 once").await, "ok(1)");
    assert_eq!(client.hears().await, "timer 1 once");
    assert_eq!(client.asks("interval 200 again").await, "ok(2)");
    assert_eq!(client.hears().await, "timer 2 again");
    assert_eq!(client.hears().await, "timer 2 again");
    client.says("cancel-timer 2").await;
    while client.hears().await != "()" {}
    assert_eq!(client.asks("timer 300 last").await, "ok(3)");
    assert_eq!(client.hears().await, "timer 3 last");
}

#[tokio::test]
async fn a_send_past_the_soft_limit_reports_backpressure_and_the_drain_is_told() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("burst 5 30000").await;
    for _ in 0..5 {
        assert_eq!(client.next().await.len(), 30_000);
    }
    // Frame headers count: 4 bytes each.
    assert_eq!(client.hears().await, "message 2: ok(SendStatus::Backpressure); 150020 bytes wait");
    assert_eq!(client.hears().await, "drained");
}

#[tokio::test]
async fn the_drain_after_backpressure_is_told_even_if_earlier_bytes_are_written_meanwhile() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    // Both arrive in one flush. When the second message is staged, more than the soft limit waits. The bytes of the first are
    // written while the second handler computes, and the rest is less than the limit.
    client.says_at_once(&["burst 1 40000", "burst-and-compute 40000 100"]).await;
    assert_eq!(client.next().await.len(), 40_000);
    assert_eq!(client.hears().await, "all queued; 40004 bytes wait");
    assert_eq!(client.next().await.len(), 40_000);
    assert!(client.hears().await.starts_with("message 0: ok(SendStatus::Backpressure)"));
    assert_eq!(client.hears().await, "drained");
    assert_eq!(client.asks("say no more of it").await, "no more of it");
}

#[tokio::test]
async fn a_burst_that_fills_the_outbox_several_times_drains_once() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    // Each 64 KiB are written within the handler's flush.
    client.says("burst 20 30000").await;
    for _ in 0..20 {
        assert_eq!(client.next().await.len(), 30_000);
    }
    assert!(client.hears().await.starts_with("message 2: ok(SendStatus::Backpressure)"));
    assert_eq!(client.hears().await, "drained");
    assert_eq!(client.asks("say no more of it").await, "no more of it");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_the_others_are_not_affected() {
    let host = Host::run("probe");
    let (mut stays, _) = Client::join(&host).await;
    let (mut stuck, _) = Client::join(&host).await;
    stays.hears().await;
    // Far more than the kernel's buffers and the hard limit take, without a reader.
    stuck.says("burst 60 1000000").await;
    assert!(stays.hears().await.starts_with("left 2: 1013 \"too much waits to be read\" clean=true CloseCause::Overload"));
    assert_eq!(stays.asks("say fine").await, "fine");
}

#[tokio::test]
async fn messages_over_the_limit_are_refused_in_either_direction() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("burst 1 1048577").await;
    assert_eq!(client.hears().await, "message 0: too-big; 0 bytes wait");
    client.sends(&vec![7; (1 << 20) + 1]).await;
    assert_eq!(client.is_closed().await.0, 1009);
}
