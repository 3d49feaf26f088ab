//! Clients that send no more: a FIN ends one direction (RFC 9293 §3.6), and the messages before it are answered.

use std::time::Duration;

use crate::support::http::{Raw, text_frame, upgrade};
use crate::support::tls::{Certificate, Files, Stream, open};
use crate::support::{Embedded, Host};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_host::Server;
use ws_host::app::Message;

/// A client's close frame with the code 1000.
const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
/// The echo of `hi`.
const ECHO: [u8; 4] = [0x81, 2, b'h', b'i'];
/// The reply to `CLOSE`.
const REPLY: [u8; 4] = [0x88, 2, 0x03, 0xe8];
/// Each client is one try of a race.
const TRIES: usize = 50;

fn client(address: &str) -> Raw {
    let mut raw = Raw::connect(address);
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    raw
}

/// All bytes that clients hear that send these bytes and a FIN.
fn heard(address: &str, bytes: &[u8]) -> Vec<Vec<u8>> {
    let hears = |_| {
        let mut raw = client(address);
        raw.says(bytes);
        raw.sends_no_more();
        raw.rest()
    };
    (0..TRIES).map(hears).collect()
}

#[test]
fn a_message_and_a_close_frame_before_a_fin_are_answered() {
    let host = Host::run("echo");
    let heard = heard(&host.address, &[&text_frame("hi")[..], &CLOSE].concat());
    assert_eq!(heard, vec![[ECHO, REPLY].concat(); TRIES]);
}

#[test]
fn a_message_before_a_fin_is_answered() {
    let host = Host::run("echo");
    assert_eq!(heard(&host.address, &text_frame("hi")), vec![ECHO.to_vec(); TRIES]);
}

#[test]
fn an_upgrade_request_and_all_that_follows_before_a_fin_are_answered() {
    let host = Host::run("echo");
    for _ in 0..TRIES {
        let mut raw = Raw::connect(&host.address);
        raw.says(&[upgrade("/", &[]).as_bytes(), &text_frame("hi"), &CLOSE].concat());
        raw.sends_no_more();
        assert_eq!(raw.head().status, 101);
        assert_eq!(raw.rest(), [ECHO, REPLY].concat());
    }
}

#[test]
fn the_part_of_a_message_before_a_fin_is_forgotten() {
    let host = Host::run("echo");
    let part = &text_frame("cut")[..7];
    assert_eq!(heard(&host.address, &[&text_frame("hi")[..], part].concat()), vec![ECHO.to_vec(); TRIES]);
}

/// More than the kernel buffers.
const FILL: usize = 40;

#[test]
fn answers_that_wait_for_a_reader_go_out_after_its_fin() {
    let answer = |text: &str| if text == "fill" { vec![7; 1 << 20] } else { b"last".to_vec() };
    let app = Server::builder().limits(ws_host::config::Limits::with(|limits| limits.outbox_hard_bytes = 64 << 20));
    let server = Embedded::start(app.on_message(move |room, client, message| {
        let text = message.as_text().unwrap_or_default();
        let count = if text == "fill" { FILL } else { 1 };
        assert!((0..count).all(|_| room.send(client.id, Message::binary(answer(text))).is_ok()));
    }));
    let mut raw = client(&server.address);
    raw.says(&[&text_frame("fill")[..], &text_frame("last"), &CLOSE].concat());
    raw.sends_no_more();
    for _ in 0..FILL {
        assert_eq!(raw.frame().1.len(), 1 << 20);
    }
    assert_eq!(raw.frame(), (0x82, b"last".to_vec()));
    assert_eq!(raw.is_closed(), (1000, String::new()));
    assert_eq!(raw.rest(), [0; 0]);
}

/// The bytes that follow the head of the answer, up to the end of the TLS session. rustls reports a missing close_notify as an error.
async fn rest(mut stream: Stream) -> Vec<u8> {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    read.expect("the session ends").expect("the session ends in order");
    rest
}

#[tokio::test]
async fn over_tls_a_message_before_a_close_notify_is_answered() {
    let files = Files::of(&Certificate::new());
    let host = Host::run_with("echo", &files.flags().each_ref().map(String::as_str));
    for bytes in [&text_frame("hi")[..], &[&text_frame("hi")[..], &CLOSE].concat()] {
        for _ in 0..10 {
            let mut stream = open(&host.address).await;
            stream.write_all(upgrade("/", &[]).as_bytes()).await.expect("the connection takes a request");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("the head of an answer comes"));
            }
            // One flush writes the message and the close_notify.
            stream.write_all(bytes).await.expect("the connection takes a message");
            stream.shutdown().await.expect("the connection takes a close_notify");
            let heard = rest(stream).await;
            let expected = if bytes.len() == 8 { ECHO.to_vec() } else { [ECHO, REPLY].concat() };
            assert_eq!(heard, expected);
        }
    }
}
