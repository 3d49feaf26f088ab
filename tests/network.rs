//! Many connections that are slow or break off at any point: the host serves others, forgets clients that are gone,
//! and keeps its memory within bounds.

use std::net::TcpListener;
use std::time::Duration;

use crate::support::http::{Raw, text_frame, upgrade};
use crate::support::raw::{frame, is_alone_and_served};
use crate::support::{Client, Embedded, Host, Memory};
use ws_host::Server;
use ws_host::config::Limits;

/// An echo with a short timeout for requests.
fn impatient() -> Embedded {
    let limits = Limits::with(|limits| limits.handshake_timeout = Duration::from_millis(300));
    Embedded::start(Server::builder().limits(limits).on_message(|room, client, message| {
        room.send(client.id, message).ok();
    }))
}

#[tokio::test]
async fn endless_requests_sent_byte_by_byte_are_answered_at_the_deadline() {
    let server = impatient();
    let endless = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: {}", "z".repeat(10_000));
    let mut slow: Vec<_> = (0..100).map(|_| Raw::connect(&server.address)).collect();
    let (mut sent, mut answered) = (0, 0);
    while !slow.is_empty() {
        // Waiting for the answer of each makes the others slow.
        slow.retain_mut(|raw| {
            if !raw.tries(&endless.as_bytes()[sent..=sent]) {
                return false;
            }
            if !raw.hears_within(Duration::from_micros(100)) {
                return true;
            }
            assert_eq!(raw.head().status, 408);
            answered += 1;
            false
        });
        sent += 1;
        assert!(sent < endless.len(), "{} of them were never answered", slow.len());
        if sent == 2 {
            assert_eq!(server.connect().await.asks("hello").await, "hello");
        }
    }
    assert!(answered > 0, "they are told why");
    assert_eq!(server.connect().await.asks("hello").await, "hello");
}

#[test]
fn a_silent_connection_is_cut_at_the_deadline() {
    let server = impatient();
    assert_eq!(Raw::connect(&server.address).rest(), b"");
}

#[test]
fn a_client_that_never_reads_its_pages_is_cut_at_the_deadline() {
    let server = impatient();
    let mut raw = Raw::connect(&server.address);
    let page = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    while raw.tries(page.as_bytes()) {}
}

#[tokio::test]
async fn requested_pages_that_are_never_read_take_no_memory() {
    let host = Host::run("probe");
    is_alone_and_served(&host).await;
    let memory = Memory::of(&host);
    let page = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(5_000);
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let mut raw = Raw::connect(&host.address);
            raw.says(page.as_bytes());
            raw
        })
        .collect();
    is_alone_and_served(&host).await;
    drop(asked);
    is_alone_and_served(&host).await;
    memory.stayed_within(60);
}

#[test]
fn a_request_in_tiny_packets_with_frames_behind_it_is_understood() {
    let host = Host::run("probe");
    let all = [upgrade("/", &[]).as_bytes(), &text_frame("say one"), &text_frame("say two")].concat();
    let mut raw = Raw::connect(&host.address);
    for byte in &all {
        raw.says(&[*byte]);
    }
    assert_eq!(raw.head().status, 101);
    assert_eq!((raw.hears(), raw.hears(), raw.hears()), ("joined 1".into(), "one".into(), "two".into()));
}

#[test]
fn frames_in_the_packet_of_the_request_are_the_first_messages_wherever_it_is_cut() {
    let mut host = Host::run("probe");
    let request = upgrade("/", &[]);
    let all = [request.as_bytes(), &text_frame("say one")].concat();
    for cut in request.len() - 4..all.len() {
        let mut raw = Raw::connect(&host.address);
        raw.says(&all[..cut]);
        // The host has read the first part before the rest arrives: it has answered, or waits for more.
        if cut >= request.len() {
            assert_eq!(raw.head().status, 101, "cut at {cut}");
            raw.says(&all[cut..]);
        } else {
            assert!(!raw.ends_within(Duration::from_millis(5)));
            raw.says(&all[cut..]);
            assert_eq!(raw.head().status, 101, "cut at {cut}");
        }
        let joined = raw.hears();
        assert_eq!(raw.hears(), "one", "cut at {cut}");
        drop(raw);
        host.logs(&joined.replace("joined", "left"));
    }
}

#[tokio::test]
async fn ten_thousand_connections_that_are_reset_leave_nothing() {
    const BATCH: usize = 100;
    let host = Host::run_with("probe", &["-qq"]);
    let request = upgrade("/", &[]);
    let whole = [request.as_bytes(), &text_frame("say something")].concat();
    let (half, most) = (&request.as_bytes()[..request.len() / 2], &whole[..whole.len() - 1]);
    is_alone_and_served(&host).await;
    let memory = Memory::of(&host);
    // The cuts: at once, in the middle of the request, behind it, in the middle of a frame, and behind that.
    for said in [b"", half, request.as_bytes(), most, &whole[..]] {
        for _ in 0..10_000 / 5 / BATCH {
            let connects = || {
                let mut raw = Raw::connect(&host.address);
                raw.says(said);
                raw
            };
            let batch: Vec<_> = std::iter::repeat_with(connects).take(BATCH).collect();
            batch.into_iter().for_each(Raw::resets);
            // Otherwise this would test the kernel's queue of connections.
            is_alone_and_served(&host).await;
        }
    }
    memory.stayed_within(48);
}

/// Valid streams. Each ends with a message or a frame after which more could follow.
fn streams() -> Vec<Vec<u8>> {
    vec![
        text_frame("say hello"),
        [frame(0x01, b"say "), frame(0x89, b"in between"), frame(0x00, b"hel"), frame(0x80, b"lo")].concat(),
        frame(0x82, &[7; 200]),
        [frame(0x8A, b"unasked"), frame(0x88, &[0x03, 0xE8, b'b', b'y', b'e'])].concat(),
        // A length of eight bytes. All bytes behind the header are alike, so a few are enough.
        frame(0x82, &[7; 70_000])[..24].to_vec(),
    ]
}

#[tokio::test]
async fn clients_that_break_off_at_any_byte_leave_once() {
    let mut host = Host::run("probe");
    let (_, mut last) = Raw::join(&host.address);
    let memory = Memory::of(&host);
    for stream in streams() {
        for cut in 0..=stream.len().min(40) {
            let (mut raw, id) = Raw::join(&host.address);
            raw.says(&stream[..cut]);
            // The ways to break off take turns.
            if id % 2 == 0 {
                raw.resets();
            } else {
                drop(raw);
            }
            host.logs(&format!("left {id}: "));
            last = id;
        }
    }
    assert!(last > 100);
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
    host.signal("TERM");
    assert!(host.ended().success());
    let log = host.rest_of_log();
    let again: Vec<_> = log.lines().filter(|line| line.contains("left ")).collect();
    assert_eq!(again.len(), 1, "only the last one is left to leave: {again:?}");
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn requests_that_break_off_at_any_byte_make_no_client() {
    let host = Host::run("probe");
    let request = upgrade("/", &[]);
    for cut in 0..request.len() {
        let mut raw = Raw::connect(&host.address);
        raw.says(&request.as_bytes()[..cut]);
        if cut % 2 == 0 {
            raw.resets();
        } else {
            drop(raw);
        }
    }
    // No id was given away before.
    let (mut first, id) = Client::join(&host).await;
    assert_eq!((id, first.asks("list").await), (1, "[1] of 1".to_owned()));
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused_and_the_host_goes_on() {
    // The first message of a TLS client (RFC 8446 §4.1.2).
    let hello = [&[0x16, 0x03, 0x01, 0x00, 0x40, 0x01, 0x00, 0x00, 0x3C, 0x03, 0x03][..], &[0x5A; 58]].concat();
    let noise: Vec<u8> = (0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let host = Host::run("probe");
    is_alone_and_served(&host).await;
    let memory = Memory::of(&host);
    for garbage in [
        &hello[..],
        &noise,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"SSH-2.0-client\r\n",
        &text_frame("say hello"),
    ] {
        let mut raw = Raw::connect(&host.address);
        raw.tries(garbage);
        raw.sends_no_more();
        let answer = raw.rest();
        let refused = answer.is_empty() || answer.starts_with(b"HTTP/1.1 4");
        assert!(refused, "{:?} to {:?}", String::from_utf8_lossy(&answer), &garbage[..10.min(garbage.len())]);
        is_alone_and_served(&host).await;
    }
    memory.stayed_within(48);
}

#[tokio::test]
async fn connections_reset_before_they_are_accepted_do_not_end_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address").to_string();
    for _ in 0..50 {
        Raw::connect(&address).resets();
    }
    let server = Embedded::start(Server::builder().listener(listener).on_message(|room, client, message| {
        room.send(client.id, message).ok();
    }));
    assert_eq!(server.connect().await.asks("hello").await, "hello");
}
