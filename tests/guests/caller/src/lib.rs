//! Asks HTTP servers what its clients tell it to ask, for the tests of requests.
//!
//! It answers plain HTTP requests too. An answer goes to the client whose id its context has, with the number of requests that this instance has sent.

mod plain;

mod wasi;

use std::time::Duration;

use ws_guest::http::{self, BodyPart, Failure, FailureCause, FetchError, FetchId, Request, Response};
use ws_guest::requests::{self, RequestId};
use ws_guest::task::{fetch, sleep, spawn, with_app};
use ws_guest::{App, ClientId, CloseInfo, Message, Responses, TimerId, Timers, broadcast, control, send, store};

#[derive(Default)]
struct Caller {
    asked: u32,
    /// The request that is answered when a client leaves.
    last: Option<RequestId>,
}

ws_guest::export!(Caller: Responses, Timers, Requests);

impl App for Caller {
    fn on_message(&mut self, from: ClientId, message: Message) {
        let Message::Text(text) = message else { return };
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match word {
            "get" => self.ask(from, Request::get(rest)),
            "put" => {
                self.ask(from, Request { body: Some(b"a body".to_vec()), ..Request::new("PUT", rest).header("x-note", "a\tb") })
            }
            "own-trace" => {
                let own = "00-11111111111111111111111111111111-2222222222222222-01";
                self.ask(from, Request::get(rest).header("traceparent", own));
            }
            "stream" => self.ask(from, Request::get(rest).stream()),
            "briefly" => self.ask(from, Request::get(rest).timeout(Duration::from_millis(50))),
            "write" => {
                store::set("key", rest).expect("the store takes it");
                self.ask(from, Request::get(rest));
            }
            "missed" => drop(send(from, store::get("missed").unwrap_or_default())),
            "remember" => {
                store::set("url", rest).expect("the store takes it");
                send(from, "remembered").ok();
            }
            // A body of this size.
            "send" => {
                let (size, url) = rest.split_once(' ').expect("a size and a URL");
                self.ask(from, Request::post(url, vec![b'x'; size.parse().expect("a number")]));
            }
            // Asks, and fails.
            "fail" => {
                self.ask(from, Request::get(rest));
                panic!("the test asked for it");
            }
            // This guest has no handler for messages of rooms.
            "tell" => drop(send(from, ws_guest::rooms::send(rest, "hello").map_or_else(|error| error.name(), |()| "told"))),
            // Asks through WASI, and waits for the answer.
            "wait" => drop(send(from, wasi::get(rest))),
            "upload" => {
                let (size, url) = rest.split_once(' ').expect("a size and a URL");
                send(from, wasi::upload(url, size.parse().expect("a number"))).ok();
            }
            "wait-and-fail" => {
                wasi::get(rest);
                panic!("the test asked for it");
            }
            // As many requests at a time as there may be.
            "wait-flood" => drop(send(from, wasi::flood(rest))),
            "trap" => panic!("the test asked for it"),
            "whole" | "begin" | "chunk" | "end" | "much" | "abort" | "open" => plain::act(from, word, rest),
            "cancel" => http::cancel(rest.parse().expect("the id of a request")),
            // A task that tells of each of its events, and fails in the last one if the answer is `fail`.
            "task" => {
                send(from, "handler").ok();
                spawn(in_three_events(from, rest.to_owned()));
            }
            // Asks the same as often as it may.
            "flood" => {
                let error = (0..10_000).find_map(|_| http::fetch(&Request::get(rest), from.to_le_bytes()).err());
                send(from, error.map_or_else(|| "no end".to_owned(), |error| name(&error))).ok();
            }
            _ => drop(broadcast(text)),
        }
    }

    fn on_client_left(&mut self, _: ClientId, info: CloseInfo) {
        if let Some(id) = self.last.take() {
            requests::respond(id, 200, "the last one").ok();
        }
        // A client that leaves with a URL has the server told, and so does each if one is remembered.
        let url = if info.reason.starts_with("http") { Some(info.reason) } else { remembered() };
        if let Some(url) = url {
            http::fetch(&Request::new("DELETE", url), []).expect("the server is allowed");
        }
    }
}

impl Caller {
    fn ask(&mut self, from: ClientId, request: Request) {
        match http::fetch(&request, from.to_le_bytes()) {
            Ok(id) => {
                self.asked += 1;
                send(from, format!("asked {id}")).ok();
            }
            Err(error) => drop(send(from, name(&error))),
        }
    }
}

async fn in_three_events(from: ClientId, url: String) {
    send(from, "first").ok();
    let answer = fetch(url).context(from.to_le_bytes()).await.expect("the server answers");
    let asked = with_app(|caller: &mut Caller| {
        caller.asked += 1;
        caller.asked
    });
    send(from, format!("second {} {asked}", answer.text())).ok();
    store::set("missed", "in the second").expect("the store takes it");
    control::set_timer(Duration::ZERO, b"of the handler").expect("a timer can be set");
    sleep(Duration::from_millis(1)).await;
    send(from, "third").ok();
    store::set("missed", "in the third").expect("the store takes it");
    if answer.text() == "fail" {
        panic!("the test asked for it");
    }
}

impl Timers for Caller {
    fn on_timer(&mut self, _: TimerId, payload: Vec<u8>) {
        broadcast(format!("timer {}", String::from_utf8_lossy(&payload))).ok();
    }
}

impl Responses for Caller {
    fn on_response(&mut self, id: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
        let Some(from) = client(&context) else { return };
        let text = match outcome {
            Ok(response) if response.text() == "trap" => panic!("the test asked for it"),
            Ok(response) => {
                let kind = response.header("Content-Type").unwrap_or("-");
                format!(
                    "{id} {} {kind} {:?}, asked {}",
                    response.status,
                    response.body.as_ref().map(|_| response.text()),
                    self.asked
                )
            }
            Err(failure) => format!("{id} {}: {}", cause(failure.cause), failure.detail),
        };
        // The client may have left meanwhile.
        if send(from, &text).is_err() {
            store::set("missed", &text).expect("the store takes it");
        }
    }

    fn on_body(&mut self, id: FetchId, context: Vec<u8>, part: BodyPart) {
        let Some(from) = client(&context) else { return };
        let text = match part {
            BodyPart::Piece(piece) if piece == b"trap" => panic!("the test asked for it"),
            BodyPart::Piece(piece) => format!("{id} piece {}", String::from_utf8_lossy(&piece)),
            BodyPart::End => format!("{id} end"),
            BodyPart::Failed(failure) => format!("{id} {}: {}", cause(failure.cause), failure.detail),
        };
        send(from, text).ok();
    }
}

fn cause(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::Denied => "denied",
        FailureCause::Unresolved => "unresolved",
        FailureCause::Unreachable => "unreachable",
        FailureCause::Tls => "tls",
        FailureCause::Timeout => "timeout",
        FailureCause::Broken => "broken",
        FailureCause::TooBig => "too-big",
        FailureCause::Interrupted => "interrupted",
    }
}

fn remembered() -> Option<String> {
    String::from_utf8(store::get("url")?).ok()
}

fn client(context: &[u8]) -> Option<ClientId> {
    context.try_into().ok().map(ClientId::from_le_bytes)
}

fn name(error: &FetchError) -> String {
    match error {
        FetchError::Invalid(why) => format!("invalid: {why}"),
        FetchError::Denied(why) => format!("denied: {why}"),
        FetchError::TooBig(why) => format!("too-big: {why}"),
        FetchError::Limit => "limit".to_owned(),
        FetchError::RoomFull => "room-full".to_owned(),
        FetchError::TotalFull => "total-full".to_owned(),
    }
}
