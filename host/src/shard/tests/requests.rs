//! A room's requests to HTTP servers: when an answer is read on, and when it is not.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{with_limits, with_shard};
use crate::app::{Fault, Outcome};
use crate::config::{Limits, Outgoing};
use crate::fetch::{BodyPart, Failure, FetchRequest, Outlet, Response};
use crate::room::Room;
use crate::shard::command::Command;
use crate::types::CloseInfo;

const PIECE: usize = 32 << 10;
const PIECES: usize = 256;

/// Rules that let the room ask servers on this machine.
pub(super) fn outlet(limits: &Limits) -> Arc<Outlet> {
    let outgoing = Outgoing { allow: vec!["*".into()], allow_private: vec!["127.0.0.0/8".into()], ca: None };
    Outlet::new(&outgoing, limits).expect("the rules are valid")
}

/// Asks a server for an answer that is streamed.
pub(super) fn stream(room: &mut Room, url: &str) -> Outcome {
    let request = FetchRequest { method: "GET".into(), url: url.into(), stream: true, ..FetchRequest::default() };
    room.fetch(request, "").map(drop).map_err(|error| Fault::new(error.to_string()))
}

/// The line that the app notes for an answer.
pub(super) fn outcome(outcome: Result<Response, Failure>) -> String {
    outcome.map_or_else(|failure| format!("failed {:?}", failure.cause), |response| format!("answer {}", response.status))
}

/// The same for a part of a streamed body.
pub(super) fn part(part: BodyPart) -> String {
    match part {
        BodyPart::Piece(piece) => format!("piece {}", piece.len()),
        other => format!("{other:?}"),
    }
}

/// Waits for a connection.
async fn connected(server: &TcpListener) -> TcpStream {
    server.accept().await.expect("the shard connects").0
}

/// Waits for a request, and begins an answer in chunks.
async fn begin_to_answer(mut stream: TcpStream) -> TcpStream {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut request).await.expect("the request can be read");
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.expect("the shard reads");
    stream
}

/// Writes as much as the shard takes: until it has taken nothing for many turns of the event loop. Returns the number of bytes.
async fn writes_what_is_taken(stream: &TcpStream, bytes: &[u8]) -> usize {
    let (mut written, mut idle) = (0, 0);
    while written < bytes.len() && idle < 2000 {
        match stream.try_write(&bytes[written..]) {
            Ok(more) => (written, idle) = (written + more, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                idle += 1;
            }
        }
        tokio::task::yield_now().await;
    }
    written
}

#[test]
fn an_answer_is_not_read_on_while_the_mailbox_is_full() {
    with_limits(Limits::with(|limits| limits.mailbox_events = 4), async |bench| {
        let server = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let mut client = bench.join("a").await;
        client.hears().await;
        client.say(&format!("stream http://{}/", server.local_addr().expect("it listens"))).await;
        let mut stream = begin_to_answer(connected(&server).await).await;
        client.say("wait x").await;
        bench.is_told("wait x").await;
        let chunk = format!("{PIECE:x}\r\n{}\r\n", "x".repeat(PIECE));
        let body = format!("{}0\r\n\r\n", chunk.repeat(PIECES)).into_bytes();
        let written = writes_what_is_taken(&stream, &body).await;
        assert!(written < body.len(), "the server is held back");
        let mailbox_bytes = bench.rooms.get("a").expect("the room is open").mailbox.bytes();
        assert!(mailbox_bytes > 0 && mailbox_bytes < 8 * PIECE, "{mailbox_bytes}");
        bench.go_on.notify_one();
        stream.write_all(&body[written..]).await.expect("the shard reads on");
        bench.is_told("End").await;
        let told = bench.told();
        let sizes = told.iter().filter_map(|told| told.strip_prefix("piece ")?.parse::<usize>().ok());
        assert_eq!(sizes.sum::<usize>(), PIECES * PIECE, "nothing is lost");
    });
}

#[test]
fn a_room_that_starts_over_gives_its_requests_up_and_tells_its_app_so() {
    with_shard(async |bench| {
        let server = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let mut client = bench.join("a").await;
        client.hears().await;
        client.say(&format!("stream http://{}/", server.local_addr().expect("it listens"))).await;
        let mut stream = begin_to_answer(connected(&server).await).await;
        bench.is_told("answer 200").await;
        client.say("write x").await;
        bench.is_told("write x").await;
        bench.journal.wait_for(1).await;
        bench.journal.fail();
        bench.is_told("failed Interrupted").await;
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    });
}

#[test]
fn a_room_that_starts_over_hears_once_of_a_request_whose_answer_waited() {
    with_shard(async |bench| {
        let server = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let mut client = bench.join("a").await;
        client.hears().await;
        client.say(&format!("stream http://{}/", server.local_addr().expect("it listens"))).await;
        let accepted = connected(&server).await;
        client.say("write x").await;
        bench.is_told("write x").await;
        client.say("wait x").await;
        bench.is_told("wait x").await;
        let _stream = begin_to_answer(accepted).await;
        let room = bench.rooms.get("a").expect("the room is open");
        while room.mailbox.is_empty() {
            tokio::task::yield_now().await;
        }
        bench.journal.fail();
        bench.go_on.notify_one();
        bench.is_told("failed Interrupted").await;
        let told = bench.told();
        assert!(told.ends_with(&["start Fresh".to_owned(), "failed Interrupted".to_owned()]), "{told:?}");
    });
}

#[test]
fn at_the_end_of_the_server_a_request_without_an_answer_costs_no_other_room_its_state() {
    with_shard(async |bench| {
        let server = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let mut asks = bench.join("a").await;
        asks.hears().await;
        asks.say(&format!("stream http://{}/", server.local_addr().expect("it listens"))).await;
        let _stream = begin_to_answer(connected(&server).await).await;
        let mut keeps = bench.join("b").await;
        keeps.hears().await;
        keeps.says_and_hears("keep one", "kept").await;
        bench.command(Command::Drain(Instant::now() + Duration::from_secs(2), CloseInfo::shutdown())).await;
        assert_eq!([asks.hears().await, keeps.hears().await], ["close 1001", "close 1001"]);
        drop((asks, keeps));
        bench.is_told("snapshot").await;
    });
}
