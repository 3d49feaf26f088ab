//! TLS: everything works over it too, no byte is lost on the way to the shard, and handshakes end.

use std::io::Write;
use std::time::Duration;

use crate::support::http::{Raw, request, text_frame, upgrade};
use crate::support::tls::{Certificate, Files, Stream, config, connect, handshake, open, shown, trusting};
use crate::support::{Client, Embedded, Host, Memory};
use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message as Told;
use ws_host::app::Fault;
use ws_host::app::upgrade::{Decision, UpgradeRequest};
use ws_host::config::Limits;
use ws_host::{App, Builder, Room, Server};

/// `ws-host run` with TLS. The files may be removed after it has read them.
fn run(guest: &str) -> Host {
    let flags = Files::of(&Certificate::new());
    Host::run_with(guest, &flags.flags().each_ref().map(String::as_str))
}

/// A server in this process that broadcasts each message. `flood N` has it send N times 64 KiB to the sender.
fn chat(limits: Limits) -> Embedded {
    let app = Server::builder().on_message(|room, client, message| {
        match message.as_text().and_then(|text| text.strip_prefix("flood ")?.parse().ok()) {
            Some(count) => (0..count).all(|number: u32| room.send(client.id, block(number)).is_ok()),
            None => room.broadcast(message).is_ok(),
        };
    });
    secure(app.limits(limits))
}

fn secure(app: Builder) -> Embedded {
    let files = Files::of(&Certificate::new());
    Embedded::start(app.tls(files.certificate(), files.key()))
}

/// 64 KiB that contain their number.
fn block(number: u32) -> Vec<u8> {
    number.to_be_bytes().repeat(16 << 10)
}

/// Reads the head of an HTTP answer, and the bytes that arrive with it.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the head of an answer comes"));
    }
    String::from_utf8(head).expect("the head is text")
}

async fn hears(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.expect("a frame comes");
    assert_eq!((head[0], head[1] < 126), (0x81, true), "it is a short text");
    let mut text = vec![0; head[1].into()];
    stream.read_exact(&mut text).await.expect("the frame is whole");
    String::from_utf8(text).expect("a text is UTF-8")
}

async fn versions_echo(version: &'static SupportedProtocolVersion, name: ProtocolVersion) {
    let host = run("echo");
    let stream = handshake(&host.address, "localhost", config(&[version])).await.expect("the handshake succeeds");
    assert_eq!(stream.get_ref().1.protocol_version(), Some(name));
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut client = Client::over(stream, "wss://localhost/").await;
    assert_eq!(client.asks("hello").await, "hello");
    let large: Vec<u8> = (0..1_u32 << 20).map(|number| (number % 251) as u8).collect();
    client.sends(&large).await;
    assert!(client.next().await == Told::binary(large), "a message of 1 MiB comes back as it was");
    assert_eq!(client.leaves(4000, "bye").await, Some((4000, "bye".into())));
}

#[tokio::test]
async fn an_echo_over_tls_1_2() {
    versions_echo(&TLS12, ProtocolVersion::TLSv1_2).await;
}

#[tokio::test]
async fn an_echo_over_tls_1_3() {
    versions_echo(&TLS13, ProtocolVersion::TLSv1_3).await;
}

#[tokio::test]
async fn the_announcement_has_the_schemes_of_tls() {
    let host = run("echo");
    let address = host.address.replace("127.0.0.1", "localhost");
    assert_eq!(host.announcement, format!("echo.wasm is served at https://{address}/ (WebSocket: wss://{address}/)\n"));
}

#[tokio::test]
async fn the_page_is_served_over_https_and_the_session_ends_in_order() {
    let host = run("echo");
    let mut stream = open(&host.address).await;
    stream.write_all(request("GET /").as_bytes()).await.expect("the connection takes a request");
    let mut answer = String::new();
    // rustls reports an end without close_notify as an error.
    stream.read_to_string(&mut answer).await.expect("the answer ends in order");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("<!doctype html>"), "{answer}");
}

#[tokio::test]
async fn a_closed_websocket_ends_its_session_in_order() {
    let host = run("echo");
    let mut stream = open(&host.address).await;
    stream.write_all(upgrade("/", &[]).as_bytes()).await.expect("the connection takes a request");
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101 "));
    stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).await.expect("the connection takes a close frame");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("the session ends in order");
    assert_eq!(rest, [0x88, 2, 0x03, 0xe8]);
}

#[tokio::test]
async fn a_broadcast_reaches_clients_of_both_versions() {
    let server = chat(Limits::default());
    let mut clients = Vec::new();
    for version in [&TLS12, &TLS13, &TLS12, &TLS13] {
        let stream = handshake(&server.address, "localhost", config(&[version])).await.expect("the handshake succeeds");
        clients.push(Client::over(stream, "wss://localhost/").await);
    }
    // A client that receives its own message is a member.
    for client in &mut clients {
        assert_eq!(client.asks("here").await, "here");
    }
    let large = block(7);
    clients[0].sends(&large).await;
    for client in &mut clients {
        while let Told::Text(_) = client.next().await {}
    }
    clients[3].says("small").await;
    for client in &mut clients {
        assert_eq!(client.hears().await, "small");
    }
}

/// Encrypts bytes into TLS records, one per piece, and returns them.
fn records(stream: &mut Stream, pieces: &[&[u8]]) -> Vec<u8> {
    let session = stream.get_mut().1;
    let mut ciphertext = Vec::new();
    for piece in pieces {
        session.writer().write_all(piece).expect("the session takes a piece");
        while session.wants_write() {
            session.write_tls(&mut ciphertext).expect("memory takes everything");
        }
    }
    ciphertext
}

#[tokio::test]
async fn bytes_that_arrive_with_the_upgrade_request_are_not_lost() {
    let server = chat(Limits::default());
    let asked = upgrade("/", &[]);
    let frames = [text_frame("one"), text_frame("two"), text_frame("three")];
    // The request and the first frame share a record, the second frame has its own, and the third is cut in two at each offset.
    let first = [asked.as_bytes(), &frames[0]].concat();
    for at in [1, 4, 5, 6, 20] {
        let mut stream = open(&server.address).await;
        let whole = records(&mut stream, &[&first, &frames[1]]);
        let last = records(&mut stream, &[&frames[2]]);
        let (now, later) = last.split_at(at);
        stream.get_mut().0.write_all(&[&whole, now].concat()).await.expect("the connection takes bytes");
        assert!(head(&mut stream).await.starts_with("HTTP/1.1 101 "));
        assert_eq!(hears(&mut stream).await, "one");
        assert_eq!(hears(&mut stream).await, "two");
        stream.get_mut().0.write_all(later).await.expect("the connection takes bytes");
        assert_eq!(hears(&mut stream).await, "three");
    }
}

#[tokio::test]
async fn the_part_of_a_record_that_http_has_not_read_is_not_lost() {
    let server = chat(Limits::default());
    let mut stream = open(&server.address).await;
    // One record of nearly 16 KiB is more than hyper reads at once.
    let frames: Vec<_> = (0..1000).map(|number| text_frame(&format!("text {number}"))).collect();
    let record = records(&mut stream, &[&[upgrade("/", &[]).into_bytes(), frames.concat()].concat()]);
    stream.get_mut().0.write_all(&record).await.expect("the connection takes bytes");
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101 "));
    for number in 0..1000 {
        assert_eq!(within_a_minute(hears(&mut stream)).await, format!("text {number}"));
    }
}

#[tokio::test]
async fn a_client_may_change_its_keys_and_have_the_server_change_its_own() {
    let host = run("echo");
    let mut client = connect(&host.address).await;
    for _ in 0..3 {
        client.stream().get_mut().1.refresh_traffic_keys().expect("TLS 1.3 can");
        assert_eq!(client.asks("with another key").await, "with another key");
    }
}

#[tokio::test]
async fn a_client_that_ends_its_session_or_its_connection_has_left() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = secure(Server::builder().on_client_left(move |_, client, info| {
        tell.send(format!("{} left with {}, clean={}", client.id, info.code, info.clean)).ok();
    }));
    let mut polite = connect(&server.address).await;
    polite.stream().shutdown().await.expect("the session can be ended");
    assert_eq!(told.recv().await.as_deref(), Some("1 left with 1006, clean=false"));
    connect(&server.address).await.vanishes();
    assert_eq!(told.recv().await.as_deref(), Some("2 left with 1006, clean=false"));
    let mut broken = connect(&server.address).await;
    broken.stream().get_mut().0.write_all(b"\x17\x03\x03\x00\x1fno ciphertext of this session. ").await.expect("bytes go");
    assert_eq!(told.recv().await.as_deref(), Some("3 left with 1006, clean=false"));
    let error = broken.stream().read_u8().await.expect_err("nothing comes but the end");
    assert!(error.to_string().contains("BadRecordMac"), "the alert names the error: {error}");
}

/// A client with a small receive buffer in the kernel.
async fn slow_client(address: &str) -> Client<Stream> {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.set_recv_buffer_size(4096).expect("the buffer can be set");
    let socket = socket.connect(address.parse().expect("it is an address")).await.expect("the host accepts connections");
    let name = "localhost".try_into().expect("the name is one");
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config(rustls::ALL_VERSIONS)));
    let stream = connector.connect(name, socket).await.expect("the handshake succeeds");
    Client::over(stream, "wss://localhost/").await
}

#[tokio::test]
async fn a_slow_reader_gets_everything_in_order_and_delays_no_other() {
    let server = chat(Limits::with(|limits| limits.outbox_hard_bytes = 64 << 20));
    let mut slow = slow_client(&server.address).await;
    slow.says("flood 256").await;
    let mut other = connect(&server.address).await;
    assert_eq!(other.asks("hello").await, "hello");
    for number in 0..256 {
        assert!(slow.next().await == Told::binary(block(number)), "block {number} comes as it was");
    }
    assert_eq!(slow.hears().await, "hello");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_with_1013() {
    let server = chat(Limits::default());
    let mut slow = slow_client(&server.address).await;
    slow.says("flood 256").await;
    assert_eq!(slow.is_closed().await, (1013, "too much waits to be read".into()));
}

/// With this timeout a bug fails a test and does not hang it.
async fn within_a_minute<T>(doing: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), doing).await.expect("it ends within a minute")
}

/// A server with short timeouts.
fn impatient(handshake_timeout: Duration) -> Embedded {
    chat(Limits::with(|limits| limits.handshake_timeout = handshake_timeout))
}

#[tokio::test]
async fn a_handshake_that_stalls_is_cut() {
    let server = impatient(Duration::from_millis(200));
    for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut stream = TcpStream::connect(&server.address).await.expect("the host accepts connections");
        stream.write_all(begun).await.expect("the connection takes bytes");
        let mut rest = Vec::new();
        within_a_minute(stream.read_to_end(&mut rest)).await.ok();
        assert!(rest.is_empty(), "nothing comes but the end");
    }
}

#[tokio::test]
async fn a_request_that_stalls_behind_the_handshake_is_cut() {
    // Enough for the handshake on a busy machine.
    let server = impatient(Duration::from_secs(2));
    let mut stream = open(&server.address).await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("the connection takes half a request");
    let mut rest = Vec::new();
    within_a_minute(stream.read_to_end(&mut rest)).await.ok();
    assert!(!rest.starts_with(b"HTTP/1.1 2"), "no page comes for half a request");
}

#[tokio::test]
async fn plain_http_on_a_tls_port_gets_an_explanation() {
    let files = Files::of(&Certificate::new());
    let [a, b, c, d] = files.flags();
    let mut host = Host::run_with("echo", &["-v", &a, &b, &c, &d]);
    let mut raw = Raw::connect(&host.address);
    raw.says(request("GET /").as_bytes());
    let answer = raw.answer();
    assert_eq!((answer.status, answer.header("connection")), (400, "close"));
    assert_eq!(String::from_utf8_lossy(&answer.body), "this port speaks TLS: use https:// or wss://.\n");
    host.logs("plain HTTP came to a TLS port");
    let mut raw = Raw::connect(&host.address);
    raw.says(b"\0\0\0 what is this?");
    host.logs("a connection to a TLS port did not speak TLS");
}

#[tokio::test]
async fn with_all_permits_taken_a_connection_is_closed_before_its_handshake() {
    let server = chat(Limits::with(|limits| limits.max_connections = Some(1)));
    let mut first = connect(&server.address).await;
    assert_eq!(first.asks("hello").await, "hello");
    handshake(&server.address, "localhost", config(rustls::ALL_VERSIONS)).await.expect_err("there is no place");
    assert_eq!(first.asks("hello").await, "hello");
}

#[derive(Default)]
struct Closed;

impl App for Closed {
    const HAS_GATE: bool = true;

    async fn on_upgrade(&mut self, _: &mut Room, _: &UpgradeRequest) -> Result<Decision, Fault> {
        Ok(Decision::Close(4001, "not today".into()))
    }
}

#[tokio::test]
async fn a_client_that_the_gate_closes_at_once_reads_the_reason() {
    let server = secure(Server::builder().app(Closed::default));
    assert_eq!(connect(&server.address).await.is_closed().await, (4001, "not today".into()));
}

#[tokio::test]
async fn a_certificate_for_development_is_for_this_machine() {
    let app = Server::builder().on_message(|room, client, message| {
        room.send(client.id, message).ok();
    });
    let server = Embedded::start(app.self_signed_tls());
    let certificate = shown(&server.address).await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        let stream =
            handshake(&server.address, name, trusting(&certificate)).await.expect("the certificate is good for this name");
        assert_eq!(Client::over(stream, "wss://localhost/").await.asks(name).await, name);
    }
    handshake(&server.address, "example.com", trusting(&certificate)).await.expect_err("it is no other host's");
}

#[tokio::test]
async fn an_idle_client_takes_little_memory() {
    let host = run("echo");
    let mut clients = Vec::new();
    connect(&host.address).await.asks("warm").await;
    let memory = Memory::of(&host);
    for _ in 0..800 {
        let mut client = connect(&host.address).await;
        client.sends(&[7; 20_000]).await;
        client.next().await;
        clients.push(client);
    }
    // About 10 KiB each. A buffer of rustls that a large record had grown for good would make it 28.
    memory.stayed_within(15);
}
