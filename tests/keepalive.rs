//! Silent, dead and vanishing clients: after the end of a connection the app is told once, and nothing of it remains.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::http::{Raw, text_frame, upgrade};
use crate::support::{Client, Embedded, Host, Swappable};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use ws_host::app::{Client as Member, ClientId, CloseInfo, Message, Outcome};
use ws_host::config::Limits;
use ws_host::{App, Room, Server};

const PING: u8 = 0x89;
/// A client's ping: masked with zeros, without a payload.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
/// A client's close frame with the code 1000.
const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

/// Reports to the test which client leaves, and why.
struct Ward {
    tell: UnboundedSender<String>,
}

impl App for Ward {
    async fn on_new_client(&mut self, room: &mut Room, client: &Member) -> Outcome {
        room.send(client.id, format!("joined {}", client.id)).ok();
        Ok(())
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        match message.as_text() {
            Some("close") => drop(room.close(from, 4000, "bye")),
            // More than the kernel buffers.
            Some("fill") => (0..40).for_each(|_| {
                room.send(from, vec![7; 1 << 20]).ok();
            }),
            _ => {
                room.send(from, message).ok();
            }
        }
        Ok(())
    }

    async fn on_client_left(&mut self, _room: &mut Room, id: ClientId, info: &CloseInfo) -> Outcome {
        self.tell.send(format!("left {id}: {} {:?}", info.code, info.cause)).ok();
        Ok(())
    }
}

const SOON: Duration = Duration::from_millis(200);

/// Limits with long times, but for the one that a test shortens.
fn patient_but(change: impl FnOnce(&mut Limits)) -> Limits {
    let long = Duration::from_secs(3600);
    Limits::with(|limits| {
        (limits.ping_interval, limits.pong_timeout, limits.close_timeout) = (long, long, long);
        limits.outbox_hard_bytes = 64 << 20;
        change(limits);
    })
}

/// A server with these limits, and its reports.
fn serve(limits: Limits) -> (Embedded, UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let make = move || Ward { tell: tell.clone() };
    (Embedded::start(Server::builder().app(make).limits(limits)), told)
}

/// A raw client that has joined.
fn join(address: &str) -> Raw {
    let mut raw = Raw::connect(address);
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    assert!(raw.hears().starts_with("joined "));
    raw
}

/// The app was told this about the only client, and nothing more until the end of the server.
async fn was_told_only(expected: &str, server: Embedded, mut told: UnboundedReceiver<String>) {
    assert_eq!(told.recv().await.as_deref(), Some(expected));
    is_gone(&server);
    server.handle.shutdown();
    server.ends().await.expect("the server ends in order");
    assert_eq!(told.recv().await, None, "it is told once");
}

/// Waits until no client is connected. The end of a connection is visible a moment earlier.
fn is_gone(server: &Embedded) {
    within_a_minute("the client is gone", || server.handle.clients().is_empty());
}

fn within_a_minute(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_silent_client_that_answers_pings_stays() {
    let (server, mut told) = serve(patient_but(|limits| limits.ping_interval = SOON));
    let mut raw = join(&server.address);
    // A client that does not answer is pinged once more, and much later.
    for _ in 0..4 {
        assert_eq!(raw.frame(), (PING, Vec::new()));
        raw.says(&PONG);
    }
    raw.says(&text_frame("still here"));
    assert_eq!(raw.hears(), "still here");
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_cut() {
    let (server, told) = serve(patient_but(|limits| (limits.ping_interval, limits.pong_timeout) = (SOON, SOON)));
    let mut raw = join(&server.address);
    assert_eq!([raw.frame(), raw.frame()], [(PING, Vec::new()), (PING, Vec::new())]);
    raw.is_ended();
    was_told_only("left 1: 1006 Timeout", server, told).await;
}

#[tokio::test]
async fn a_client_that_ends_without_a_close_frame_is_lost() {
    let (server, told) = serve(patient_but(|_| {}));
    let mut raw = join(&server.address);
    raw.sends_no_more();
    raw.is_ended();
    was_told_only("left 1: 1006 Lost", server, told).await;
}

#[tokio::test]
async fn a_client_that_resets_the_connection_is_lost() {
    let (server, told) = serve(patient_but(|_| {}));
    join(&server.address).resets();
    was_told_only("left 1: 1006 Lost", server, told).await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_close_frame_is_cut_and_left_with_the_first_cause() {
    let (server, told) = serve(patient_but(|limits| limits.close_timeout = SOON));
    let mut raw = join(&server.address);
    raw.says(&text_frame("close"));
    assert_eq!(raw.is_closed(), (4000, "bye".to_owned()));
    raw.is_ended();
    was_told_only("left 1: 4000 Guest", server, told).await;
}

#[tokio::test]
async fn a_client_that_closes_and_never_reads_is_cut() {
    let (server, told) = serve(patient_but(|limits| limits.close_timeout = SOON));
    let mut raw = join(&server.address);
    raw.says(&[&text_frame("fill")[..], &CLOSE].concat());
    was_told_only("left 1: 1000 Client", server, told).await;
}

#[tokio::test]
async fn a_client_that_neither_reads_nor_answers_is_cut() {
    let (server, told) = serve(patient_but(|limits| (limits.ping_interval, limits.pong_timeout) = (SOON, SOON)));
    let mut raw = join(&server.address);
    raw.says(&text_frame("fill"));
    was_told_only("left 1: 1006 Timeout", server, told).await;
}

#[tokio::test]
async fn pings_are_answered_while_the_guest_computes() {
    let host = Host::run("probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("spin").await;
    // The ping is behind it in the stream, and is answered long before the guest's time is used up.
    client.is_answered_a_ping().await;
    assert_eq!(client.is_closed().await.0, 1011);
}

/// The number of open descriptors of the host.
fn descriptors(host: &Host) -> usize {
    fs::read_dir(format!("/proc/{}/fd", host.pid())).expect("the host runs").count()
}

#[test]
fn a_hundred_connections_that_end_in_any_way_leave_no_descriptor() {
    let server = Swappable::run("echo", &[]);
    let address = &server.host.address;
    let connect = || {
        let mut raw = Raw::connect(address);
        raw.says(upgrade("/", &[]).as_bytes());
        assert_eq!(raw.head().status, 101);
        raw
    };
    // Descriptors that the host keeps from its first connection on do not count.
    connect().resets();
    within_a_minute("the first client is gone", || server.status()["clients"] == 0);
    let before = descriptors(&server.host);
    for end in [|mut raw: Raw| raw.sends_no_more(), Raw::resets, |mut raw: Raw| raw.says(&CLOSE), drop::<Raw>] {
        (0..25).map(|_| connect()).collect::<Vec<_>>().into_iter().for_each(end);
    }
    within_a_minute("they are gone", || server.status()["clients"] == 0);
    // One of the first client, or of the question about clients, may have counted.
    within_a_minute("their descriptors are closed", || descriptors(&server.host) <= before);
}
