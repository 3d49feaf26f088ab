//! Answers plain HTTP requests as its clients tell it: see `tests/conformance/requests.rs`. It stands beside the probe, whose tests see the
//! host's own answers.

use ws_guest::requests::{self, Head, Request, RequestId, RespondError};
use ws_guest::{App, Client, ClientId, Lifecycle, Message, Requests, Saved, SendStatus, StartReason, broadcast, send};

#[derive(Default)]
struct Answering {
    started: Option<StartReason>,
    messages: u32,
}

ws_guest::export!(Answering: Lifecycle, Requests);

impl App for Answering {
    fn on_new_client(&mut self, client: Client) {
        broadcast(format!("joined {}", client.id)).ok();
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        self.messages += 1;
        let Message::Text(line) = message else { return };
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let id = id.parse().unwrap_or(0);
        let answer = match command {
            "respond" => shown(requests::respond(id, 200, text)),
            "chunk" => sent(requests::chunk(id, text)),
            "much" => much(id, text.parse().unwrap_or(0)),
            "end" => shown(requests::end(id)),
            "abort" => return requests::abort(id),
            "open" => {
                for open in requests::open() {
                    send(from, shown_open(open.id, open.has_begun)).ok();
                }
                return;
            }
            _ => format!("{} since {:?}", self.messages, self.started),
        };
        send(from, answer).ok();
    }
}

impl Requests for Answering {
    fn on_request(&mut self, id: RequestId, request: Request) {
        match request.path.as_str() {
            "/echo" => {
                let Request { method, path, query, .. } = &request;
                let body = format!("{method} {path} {query} {} {}", request.header("X-Note").unwrap_or_default(), request.text());
                requests::respond(id, Head::new(201).header("x-probe", "yes"), body).expect("its client waits");
            }
            "/panic" => {
                requests::respond(id, 200, "dropped").expect("its client waits");
                panic!("told to panic");
            }
            "/broken" => {
                let refused = requests::respond(id, Head::new(200).header("x-note", "a\r\nb: c"), "");
                requests::respond(id, 200, shown(refused)).expect("its client waits");
            }
            "/events" => {
                requests::begin(id, Head::new(200).header("content-type", "text/event-stream")).expect("its client waits");
                broadcast(format!("asked {id}")).ok();
            }
            _ => drop(broadcast(format!("asked {id}"))),
        }
    }

    fn on_request_drained(&mut self, id: RequestId) {
        broadcast(format!("drained {id}")).ok();
    }

    fn on_request_gone(&mut self, id: RequestId) {
        broadcast(format!("gone {id}")).ok();
    }
}

impl Lifecycle for Answering {
    fn on_start(&mut self, reason: StartReason, _: Option<Saved>) -> Result<(), String> {
        self.started = Some(reason);
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        Saved { version: "1".into(), data: Vec::new() }
    }
}

/// Sends chunks of 64 KiB.
fn much(id: RequestId, chunks: usize) -> String {
    let mut last = String::new();
    for _ in 0..chunks {
        last = sent(requests::chunk(id, [b'x'; 64 << 10]));
    }
    last
}

fn sent(result: Result<SendStatus, RespondError>) -> String {
    match result {
        Ok(SendStatus::Backpressure) => "backpressure".to_owned(),
        result => shown(result.map(drop)),
    }
}

/// The result in the contract's words.
fn shown(result: Result<(), RespondError>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(RespondError::NoSuchRequest) => "no-such-request".to_owned(),
        Err(RespondError::WrongOrder) => "wrong-order".to_owned(),
        Err(RespondError::Invalid(detail)) => format!("invalid: {detail}"),
        Err(RespondError::TooBig) => "too-big".to_owned(),
        Err(RespondError::Limit) => "limit".to_owned(),
    }
}

fn shown_open(id: RequestId, has_begun: bool) -> String {
    format!("open {id} {}", if has_begun { "begun" } else { "waits" })
}
