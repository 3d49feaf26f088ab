//! The end of the host: clients are told, the guest is told, and neither can delay it.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::http::{Raw, upgrade};
use crate::support::raw::frame;
use crate::support::{Client, Embedded, Host, Swappable};
use ws_host::Server;
use ws_host::config::Limits;

/// Far less than the default drain of ten seconds, and far more than a busy machine needs.
const SOON: Duration = Duration::from_secs(6);

/// A client that will never answer a close frame.
fn mute(host: &Host) -> Raw {
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    assert!(raw.hears().starts_with("joined "));
    raw
}

async fn a_signal_closes_clients_with_1001_and_tells_the_guest(signal: &str) {
    let mut host = Host::run("probe");
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    let begun = Instant::now();
    host.signal(signal);
    assert_eq!(first.is_closed().await, (1001, "the server shuts down".to_owned()));
    assert_eq!(second.is_closed().await, (1001, "the server shuts down".to_owned()));
    let log = host.rest_of_log();
    for id in [1, 2] {
        let left = format!("left {id}: 1001 \"the server shuts down\" clean=true CloseCause::Shutdown");
        assert_eq!(log.matches(&left).count(), 1, "{left}: {log}");
    }
    assert_eq!(host.ended().code(), Some(0));
    assert!(begun.elapsed() < SOON, "it does not wait for the deadline: {:?}", begun.elapsed());
}

#[tokio::test]
async fn sigterm_closes_clients_with_1001_and_tells_the_guest() {
    a_signal_closes_clients_with_1001_and_tells_the_guest("TERM").await;
}

#[tokio::test]
async fn ctrl_c_closes_clients_with_1001_and_tells_the_guest() {
    a_signal_closes_clients_with_1001_and_tells_the_guest("INT").await;
}

#[test]
fn without_clients_the_end_comes_at_once() {
    let mut host = Host::run("echo");
    host.signal("TERM");
    assert_eq!(host.ended().code(), Some(0));
}

#[tokio::test]
async fn messages_sent_before_the_end_arrive() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("burst 50 20000").await;
    assert_eq!(client.next().await.len(), 20_000);
    host.signal("TERM");
    for _ in 1..50 {
        assert_eq!(client.next().await.len(), 20_000);
    }
    assert_eq!(client.is_closed().await.0, 1001);
}

#[test]
fn a_client_that_never_answers_delays_the_end_until_the_drain_deadline() {
    let mut host = Host::run_with("probe", &["--drain", "1s"]);
    let mut mute = mute(&host);
    let begun = Instant::now();
    host.signal("TERM");
    assert_eq!(mute.is_closed().0, 1001);
    assert!(host.rest_of_log().contains("the drain deadline has passed"));
    assert_eq!(host.ended().code(), Some(0));
    assert!((Duration::from_secs(1)..SOON).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[test]
fn a_machine_that_stands_still_during_the_drain_cuts_nobody() {
    const DRAIN: Duration = Duration::from_secs(4);
    let mut host = Host::run_with("probe", &["--drain", "4s"]);
    let mut slow = mute(&host);
    host.signal("TERM");
    assert_eq!(slow.is_closed().0, 1001);
    host.signal("STOP");
    assert!(!slow.ends_within(DRAIN + Duration::from_secs(1)), "a host that stands still ends nothing");
    host.signal("CONT");
    slow.says(&frame(0x88, &1001_u16.to_be_bytes()));
    let log = host.rest_of_log();
    assert!(!log.contains("the drain deadline has passed"), "{log}");
    assert_eq!(host.ended().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut host = Host::run_with("probe", &["--drain", "60s"]);
    let mut mute = mute(&host);
    host.signal("INT");
    host.logs("signal again to cut");
    assert_eq!(mute.is_closed().0, 1001);
    let begun = Instant::now();
    host.signal("INT");
    host.logs("cut");
    assert_eq!(host.ended().code(), Some(0));
    // Without the signal, the close timeout of five seconds would end it.
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn during_the_drain_new_clients_are_refused() {
    let host = Host::run("probe");
    let mut mute = mute(&host);
    host.signal("TERM");
    assert_eq!(mute.is_closed().0, 1001);
    let refused = TcpStream::connect(&host.address).expect_err("nobody listens any more");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_guest_that_computes_is_waited_for() {
    let mut host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("print it computes next").await;
    client.says("compute 100").await;
    host.logs("it computes next");
    host.signal("TERM");
    // The connection ends long before the guest can be told.
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(host.rest_of_log().contains("left 1: 1001"));
    assert_eq!(host.ended().code(), Some(0));
}

#[tokio::test]
async fn a_closed_stderr_affects_neither_serving_nor_ending() {
    let mut host = Host::run("probe");
    host.closes_its_stderr();
    let (mut client, _) = Client::join(&host).await;
    client.says("print nobody reads this").await;
    assert_eq!(client.asks("say here").await, "here");
    host.signal("TERM");
    assert_eq!(client.is_closed().await.0, 1001);
    assert_eq!(host.ended().code(), Some(0));
}

/// Joined clients with the ids 1 to 500, of which a hundred are closed at once.
async fn five_hundred(host: &Host) -> Vec<Client> {
    let mut clients = Vec::new();
    for id in 1..=500 {
        let (client, joined) = Client::join(host).await;
        assert_eq!(joined, id);
        clients.push(client);
    }
    clients
}

#[tokio::test]
async fn many_clients_are_closed_in_batches_and_waiting_ones_are_served() {
    // Five batches take half an hour.
    let mut server = Swappable::run("probe", &["--drain", "1h"]);
    let mut clients = five_hundred(&server.host).await;
    server.host.signal("TERM");
    for client in &mut clients[..100] {
        assert_eq!(client.is_closed().await.0, 1001);
    }
    let begun = Instant::now();
    while server.status()["clients"] != 400 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the closed clients are gone");
    }
    let last = clients.last_mut().expect("there are 500");
    last.says("say still served").await;
    while last.hears().await != "still served" {}
    let refused = TcpStream::connect(&server.host.address).expect_err("nobody listens any more");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    server.host.signal("TERM");
    assert_eq!(server.host.ended().code(), Some(0));
    assert!(!server.socket().exists(), "the second signal leaves nothing behind");
}

#[tokio::test]
async fn each_of_many_clients_gets_1001_and_the_guest_is_told_of_each_once() {
    let mut host = Host::run_with("probe", &["--drain", "20s"]);
    let mut clients = five_hundred(&host).await;
    host.signal("TERM");
    let closing = clients.drain(..).map(|mut client| tokio::spawn(async move { client.is_closed().await }));
    for closed in closing.collect::<Vec<_>>() {
        assert_eq!(closed.await.expect("the client does not panic"), (1001, "the server shuts down".to_owned()));
    }
    let log = host.rest_of_log();
    for id in 1..=500 {
        let left = format!("left {id}: 1001 \"the server shuts down\" clean=true CloseCause::Shutdown");
        assert_eq!(log.matches(&left).count(), 1, "{left}");
    }
    assert!(!log.contains("deadline"), "{log}");
    assert_eq!(host.ended().code(), Some(0));
}

#[tokio::test]
async fn a_client_that_the_deadline_has_cut_is_not_listed_any_more() {
    let limits = Limits::with(|limits| limits.drain_timeout = Duration::from_millis(50));
    let server = Embedded::start(Server::builder().on_client_left(|_, _, _| {}).limits(limits));
    let mut mute = Raw::connect(&server.address);
    mute.says(upgrade("/", &[]).as_bytes());
    assert_eq!(mute.head().status, 101);
    let handle = server.handle.clone();
    while handle.clients().is_empty() {
        tokio::task::yield_now().await;
    }
    handle.shutdown();
    assert!(server.ends().await.is_ok());
    assert_eq!(handle.clients(), []);
}
