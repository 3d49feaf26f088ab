//! Broken TLS sessions: which records go out at their end.

use crate::support::Host;
use crate::support::http::{request, text_frame, upgrade};
use crate::support::tls::{Certificate, Files, Stream, config, handshake};
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn echo() -> Host {
    let files = Files::of(&Certificate::new());
    Host::run_with("echo", &files.flags().each_ref().map(String::as_str))
}

/// Reads the head of an HTTP answer.
async fn head(stream: &mut Stream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the head of an answer comes"));
    }
    String::from_utf8(head).expect("the head is text")
}

/// Counts the records that a server sends from now on, up to the end of the connection.
async fn records(tcp: &mut TcpStream) -> usize {
    let mut rest = Vec::new();
    tcp.read_to_end(&mut rest).await.expect("the connection ends in order");
    let (mut at, mut records) = (0, 0);
    while at < rest.len() {
        at += 5 + usize::from(u16::from_be_bytes([rest[at + 3], rest[at + 4]]));
        records += 1;
    }
    records
}

/// A stream over which the server has sent all that it sends by itself.
async fn quiet(server: &Host, version: &'static SupportedProtocolVersion, upgraded: bool) -> Stream {
    let mut stream = handshake(&server.address, "localhost", config(&[version])).await.expect("the handshake succeeds");
    if !upgraded {
        let asks = request("GET /").replace("Connection: close", "Connection: keep-alive");
        stream.write_all(asks.as_bytes()).await.expect("the connection takes a request");
        let length = head(&mut stream).await.to_lowercase().split_once("content-length: ").map(|(_, rest)| rest.to_owned());
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok()).expect("the page has a length");
        stream.read_exact(&mut vec![0; length]).await.expect("the page comes");
        return stream;
    }
    stream.write_all(upgrade("/", &[]).as_bytes()).await.expect("the connection takes a request");
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101 "));
    // The echo is behind the tickets that a server sends after a handshake.
    stream.write_all(&text_frame("here")).await.expect("the connection takes a message");
    stream.read_exact(&mut [0; 6]).await.expect("the echo comes");
    stream
}

/// RFC 8446 §6.2: the connection closes at once, so that no close_notify follows.
#[tokio::test]
async fn after_a_broken_record_an_alert_is_the_last_record() {
    let server = echo();
    let garbled = [&[23, 3, 3, 0, 32][..], &[7; 32]].concat();
    for (version, upgraded) in [(&TLS12, true), (&TLS13, true), (&TLS12, false), (&TLS13, false)] {
        for (what, record) in
            [("garbled", &garbled[..]), ("too long", &[23, 3, 3, 0xff, 0xff]), ("not TLS", b"GET / HTTP/1.1\r\n")]
        {
            let mut stream = quiet(&server, version, upgraded).await;
            let (tcp, _) = stream.get_mut();
            tcp.write_all(record).await.expect("the connection takes a record");
            assert_eq!(records(tcp).await, 1, "{what}, {version:?}, upgraded: {upgraded}");
        }
    }
    let mut tcp = TcpStream::connect(&server.address).await.expect("the server accepts connections");
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("the connection takes a request");
    assert_eq!(records(&mut tcp).await, 1, "no handshake");
}

/// The same section: a fatal alert that has come closes the connection too.
#[tokio::test]
async fn after_a_clients_fatal_alert_no_record_follows() {
    let server = echo();
    for (version, upgraded) in [(&TLS12, true), (&TLS13, true), (&TLS12, false), (&TLS13, false)] {
        let mut stream = quiet(&server, version, upgraded).await;
        let (tcp, session) = stream.get_mut();
        // The client takes this record for the server's, and complains.
        session.read_tls(&mut &[&[23, 3, 3, 0, 32][..], &[7; 32]].concat()[..]).expect("the session takes bytes");
        session.process_new_packets().expect_err("the record is broken");
        let mut alert = Vec::new();
        session.write_tls(&mut alert).expect("there is an alert");
        tcp.write_all(&alert).await.expect("the connection takes an alert");
        assert_eq!(records(tcp).await, 0, "{version:?}, upgraded: {upgraded}");
    }
}
