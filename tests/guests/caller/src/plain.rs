//! The plain HTTP requests to the caller. Its clients hear of each, and tell it what to answer.

use ws_guest::requests::{self, Head, Request, RequestId};
use ws_guest::{ClientId, Requests, broadcast, send, store};

use crate::Caller;

impl Requests for Caller {
    fn on_request(&mut self, id: RequestId, request: Request) {
        match request.path.rsplit('/').next().unwrap_or_default() {
            "echo" => {
                let Request { method, path, query, .. } = &request;
                let note = request.header("X-Note").unwrap_or("-");
                let body = format!("{method} {path} {query} {note} {} {}", request.body.len(), request.text());
                requests::respond(id, Head::new(200).header("x-room", "yes"), body).expect("its client waits");
            }
            "trap" => {
                requests::respond(id, 200, "dropped").expect("its client waits");
                panic!("the test asked for it");
            }
            "empty" => requests::respond(id, 204, "").expect("its client waits"),
            "reset" => requests::respond(id, 205, "no body").expect("its client waits"),
            "shared" => {
                let head =
                    Head::new(204).header("access-control-allow-origin", "*").header("access-control-allow-methods", "PUT");
                requests::respond(id, head, "").expect("its client waits");
            }
            "split" => {
                let refused = requests::respond(id, Head::new(200).header("x", "a\r\nset-cookie: b"), "");
                requests::respond(id, 200, format!("{refused:?}")).expect("its client waits");
            }
            "large" => {
                let refused = requests::respond(id, 200, vec![b'x'; (4 << 20) + 1]);
                requests::respond(id, 200, format!("{refused:?}")).expect("its client waits");
            }
            "write" => {
                store::set("asked", request.path.as_bytes()).expect("the store takes it");
                requests::respond(id, 200, "written").expect("its client waits");
            }
            "events" => {
                requests::begin(id, Head::new(200).header("content-type", "text/event-stream")).expect("its client waits");
                broadcast(format!("events {id}")).ok();
            }
            word => {
                self.last = (word == "last").then_some(id).or(self.last);
                broadcast(format!("asked {id} {} {}", request.method, request.path)).ok();
            }
        }
    }

    fn on_request_drained(&mut self, id: RequestId) {
        broadcast(format!("drained {id}")).ok();
    }

    fn on_request_gone(&mut self, id: RequestId) {
        broadcast(format!("gone {id}")).ok();
    }
}

/// Answers a request as a client says, which hears how that went.
pub fn act(from: ClientId, word: &str, rest: &str) {
    let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let id = id.parse().expect("the id of a request");
    let outcome = match word {
        "whole" => format!("{:?}", requests::respond(id, 200, text)),
        "begin" => format!("{:?}", requests::begin(id, 200)),
        "chunk" => format!("{:?}", requests::chunk(id, text)),
        // As many chunks of 64 KiB.
        "much" => {
            let mut last = None;
            for _ in 0..text.parse().expect("a number") {
                last = Some(requests::chunk(id, vec![b'x'; 64 << 10]));
            }
            format!("{:?}", last.expect("one at least"))
        }
        "abort" => {
            // The last chunk goes before it.
            let chunk = requests::chunk(id, text);
            requests::abort(id);
            format!("{chunk:?}")
        }
        "open" => format!("{:?}", requests::open().iter().map(|open| (open.id, open.has_begun)).collect::<Vec<_>>()),
        _ => format!("{:?}", requests::end(id)),
    };
    send(from, outcome).ok();
}
