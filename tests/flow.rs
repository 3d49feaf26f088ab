//! An overload of some does not harm others: fan-out, clients that do not read, clients that write too much.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::support::http::{Raw, upgrade};
use crate::support::raw::frame;
use crate::support::{Client, Embedded, Host, Memory, open_many_files};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use ws_host::app::{Client as Member, ClientId, CloseInfo, Message, Outcome};
use ws_host::config::{Instances, Limits};
use ws_host::{App, Room, Server};

/// Broadcasts many messages on request, and reports the order of events.
struct FanOut {
    tell: UnboundedSender<String>,
    go_on: Arc<Mutex<mpsc::Receiver<()>>>,
}

/// With ten members, five times the number of deliveries that are made in a row.
const BROADCASTS: usize = 50_000;
const MEMBERS: usize = 10;

impl App for FanOut {
    async fn on_new_client(&mut self, room: &mut Room, client: &Member) -> Outcome {
        room.send(client.id, format!("joined {}", client.id)).ok();
        Ok(())
    }

    async fn on_message(&mut self, room: &mut Room, _from: ClientId, message: Message) -> Outcome {
        self.tell.send(message.as_text().unwrap_or_default().to_owned()).ok();
        if message.as_text() == Some("fan out") {
            // Holds the shard until a message of the other room waits in its socket.
            self.go_on.lock().expect("no holder panics").recv().ok();
            assert!((0..BROADCASTS).all(|_| room.broadcast("x").is_ok()));
        }
        Ok(())
    }
}

#[tokio::test]
async fn while_a_room_delivers_its_broadcast_the_other_rooms_of_its_shard_go_on() {
    let (tell, mut told) = unbounded_channel();
    let (go, go_on) = mpsc::channel();
    let go_on = Arc::new(Mutex::new(go_on));
    let make = move || FanOut { tell: tell.clone(), go_on: Arc::clone(&go_on) };
    let server = Embedded::start(Server::builder().app(make).instances(Instances::PerRoom).shards(1));
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        members.push(Client::connect_url(&server.url("/crowd")).await.has_joined().await.0);
    }
    let (mut other, _) = Client::connect_url(&server.url("/other")).await.has_joined().await;
    members[0].says_at_once(&["fan out", "after it"]).await;
    assert_eq!(told.recv().await.as_deref(), Some("fan out"));
    other.says("meanwhile").await;
    go.send(()).expect("the handler waits");
    assert_eq!(told.recv().await.as_deref(), Some("meanwhile"), "it comes in between");
    assert_eq!(told.recv().await.as_deref(), Some("after it"), "no event of the room itself does");
    for member in &mut members {
        for _ in 0..BROADCASTS {
            assert_eq!(member.hears().await, "x");
        }
    }
}

/// Broadcasts, and sends one client as much as may wait for it.
struct Crowd {
    tell: UnboundedSender<String>,
}

const HARD: usize = 8 << 20;
const PIECE: usize = 64 << 10;

impl App for Crowd {
    async fn on_new_client(&mut self, room: &mut Room, client: &Member) -> Outcome {
        room.send(client.id, format!("joined {}", client.id)).ok();
        Ok(())
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        match message.as_text() {
            Some("fill me") => {
                while room.buffered_amount(from).is_some_and(|bytes| bytes + 2 * PIECE < HARD) {
                    room.send(from, vec![7; PIECE]).ok();
                }
                self.tell.send("filled".into()).ok();
            }
            _ => {
                room.broadcast(vec![7; PIECE]).ok();
            }
        }
        Ok(())
    }

    async fn on_client_left(&mut self, _room: &mut Room, id: ClientId, info: &CloseInfo) -> Outcome {
        self.tell.send(format!("left {id}: {} {:?}", info.code, info.cause)).ok();
        Ok(())
    }
}

#[tokio::test]
async fn of_a_thousand_clients_one_that_does_not_read_is_closed_and_999_are_not_affected() {
    const ALL: usize = 1000;
    open_many_files();
    let (tell, mut told) = unbounded_channel();
    let limits = Limits::with(|limits| {
        limits.outbox_hard_bytes = HARD;
        limits.close_timeout = Duration::from_secs(3600);
    });
    let server = Embedded::start(Server::builder().limits(limits).app(move || Crowd { tell: tell.clone() }));
    let mut clients = Vec::new();
    for _ in 0..ALL {
        clients.push(server.join().await.0);
    }
    let mut stuck = clients.pop().expect("there are a thousand");
    // The first time fills the kernel's buffers, the second the outbox.
    for _ in 0..2 {
        stuck.says("fill me").await;
        assert_eq!(told.recv().await.as_deref(), Some("filled"));
    }
    let mut broadcasts = 0;
    while told.is_empty() {
        broadcasts += 1;
        assert!(broadcasts < 100, "the one that does not read is closed");
        clients[0].says("broadcast").await;
        for client in &mut clients {
            assert_eq!(client.next().await.len(), PIECE);
        }
    }
    assert_eq!(told.recv().await, Some(format!("left {ALL}: 1013 Overload")));
    clients[1].says("broadcast").await;
    for client in &mut clients {
        assert_eq!(client.next().await.len(), PIECE);
    }
    assert!(told.is_empty(), "no other client has left");
    assert_eq!(stuck.is_closed().await, (1013, "too much waits to be read".to_owned()));
}

/// Its room sleeps, so that its messages are not handled.
#[tokio::test]
async fn a_client_that_floods_its_room_is_held_back_by_tcp_and_other_rooms_go_on() {
    const FLOOD: usize = 256 << 20;
    let host = Host::run_with("hostile", &["--instances", "per-room", "--shards", "1", "--call-wait", "1h"]);
    let mut other = Client::connect_to(&host, "/other").await.has_joined().await.0;
    let memory = Memory::of(&host);
    let address = host.address.clone();
    let flood = tokio::task::spawn_blocking(move || {
        let mut raw = Raw::connect(&address);
        raw.says(upgrade("/flood", &[]).as_bytes());
        assert_eq!(raw.head().status, 101);
        raw.says(&crate::support::http::text_frame("sleep 3600000"));
        // A binary message of 64 KiB, masked with zeros.
        let message = [&[0x82, 0xff][..], &(64_u64 << 10).to_be_bytes(), &[0; 4], &[7; 64 << 10]].concat();
        (raw.floods(&message, FLOOD), raw)
    });
    let (sent, _raw) = flood.await.expect("the flood ends");
    assert!(sent < FLOOD, "it is held back");
    assert_eq!(other.asks("say here").await, "here");
    // 16 MiB of messages wait for the room.
    memory.stayed_within(16 + 24);
}

#[tokio::test]
async fn a_client_above_the_rate_limit_is_closed_with_1008_and_the_others_stay() {
    let host = Host::run_with("probe", &["--rate", "5/1h"]);
    let (mut stays, _) = Client::join(&host).await;
    let (mut talks, _) = Client::join(&host).await;
    stays.hears().await;
    for n in 0..5 {
        assert_eq!(talks.asks(&format!("say {n}")).await, n.to_string());
    }
    talks.says("all one too many").await;
    assert_eq!(talks.is_closed().await, (1008, "more messages than the rate limit allows".to_owned()));
    let left = stays.hears().await;
    assert!(left.starts_with("left 2: 1008") && left.contains("CloseCause::Policy"), "{left}");
    assert_eq!(stays.asks("say mine is another bucket").await, "mine is another bucket");
}

#[tokio::test]
async fn pings_count_against_the_rate_limit_too() {
    let host = Host::run_with("probe", &["--rate", "5/1h"]);
    let (mut pings, _) = Client::join(&host).await;
    for _ in 0..5 {
        pings.is_answered_a_ping().await;
    }
    pings.says("say one too many").await;
    assert_eq!(pings.is_closed().await.0, 1008);
}

/// A host that allows five frames, and a client that has joined.
fn rated() -> (Host, Raw) {
    let host = Host::run_with("probe", &["--rate", "5/1h"]);
    let (raw, _) = Raw::join(&host.address);
    (host, raw)
}

#[test]
fn empty_fragments_and_pongs_count_against_the_rate_limit_too() {
    let first = frame(0x01, b"");
    for (what, flood) in [("fragments", frame(0x00, b"").repeat(5)), ("pongs", frame(0x8a, b"").repeat(7))] {
        let (_host, mut raw) = rated();
        raw.says(&[&first[..], &flood].concat());
        assert_eq!(raw.is_closed(), (1008, "more messages than the rate limit allows".to_owned()), "{what}");
    }
}

#[test]
fn a_message_in_large_fragments_counts_once() {
    let (_host, mut raw) = rated();
    let middle = frame(0x00, &[b'x'; 1024]).repeat(50);
    let first = format!("say {}", "x".repeat(1020));
    raw.says(&[&frame(0x01, first.as_bytes())[..], &middle, &frame(0x80, b"")].concat());
    assert_eq!(raw.hears().len(), 1020 + 50 * 1024);
}
