//! Passes a webhook on to everybody in its room: WebSocket clients, and readers of an event stream.
//!
//! `POST /hook` with a valid signature is passed on. `GET /events` is the stream. The secret is in the environment variable `HOOK_SECRET`.

mod signature;

use std::collections::BTreeSet;

use ws_guest::requests::{self, Head, Request, RequestId, RespondError};
use ws_guest::{App, Requests, SendStatus, broadcast, store};

/// How many ids of deliveries are kept, to know a repeated one.
const KEPT: usize = 100;

#[derive(Default)]
struct Hook {
    /// The requests for the event stream.
    listeners: BTreeSet<RequestId>,
    /// Those of them that are behind, and miss what comes meanwhile.
    behind: BTreeSet<RequestId>,
}

ws_guest::export!(Hook: Requests);

impl App for Hook {}

impl Requests for Hook {
    fn on_request(&mut self, id: RequestId, request: Request) {
        if let Err(error) = self.answer(id, &request) {
            eprintln!("request {id} is not answered: {error}");
        }
    }

    fn on_request_drained(&mut self, id: RequestId) {
        self.behind.remove(&id);
    }

    fn on_request_gone(&mut self, id: RequestId) {
        self.listeners.remove(&id);
        self.behind.remove(&id);
    }
}

impl Hook {
    fn answer(&mut self, id: RequestId, request: &Request) -> Result<(), RespondError> {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/hook") => {
                let Ok(secret) = std::env::var("HOOK_SECRET") else {
                    eprintln!("there is no HOOK_SECRET: give one with --env HOOK_SECRET");
                    return requests::respond(id, 500, "this server has no secret");
                };
                if !signature::is_valid(
                    secret.as_bytes(),
                    &request.body,
                    request.header("x-hub-signature-256").unwrap_or_default(),
                ) {
                    return requests::respond(id, 401, "the signature is not valid");
                }
                if is_new(request.header("x-github-delivery")) {
                    self.pass_on(&request.text());
                }
                requests::respond(id, 204, "")
            }
            ("GET", "/events") => {
                let head = Head::new(200).header("content-type", "text/event-stream").header("cache-control", "no-store");
                requests::begin(id, head)?;
                self.listeners.insert(id);
                Ok(())
            }
            (_, "/hook") => requests::respond(id, Head::new(405).header("allow", "POST"), "only POST is allowed"),
            (_, "/events") => requests::respond(id, Head::new(405).header("allow", "GET"), "only GET is allowed"),
            _ => requests::respond(id, 404, "there are /hook and /events"),
        }
    }

    /// Sends a text to everybody.
    fn pass_on(&mut self, text: &str) {
        if let Err(error) = broadcast(text) {
            eprintln!("a delivery is not passed on to the clients: {error}");
        }
        let event = event(text);
        for id in self.listeners.difference(&self.behind.clone()) {
            if let Ok(SendStatus::Backpressure) = requests::chunk(*id, &event) {
                self.behind.insert(*id);
            }
        }
    }
}

/// A text as a server-sent event: each of its lines is a field.
fn event(text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("data: {line}\n")).collect();
    format!("{lines}\n")
}

/// Whether a delivery comes for the first time, and notes its id. A service that hears no answer sends the same again.
fn is_new(delivery: Option<&str>) -> bool {
    let Some(delivery) = delivery.filter(|delivery| delivery.len() <= 64) else { return true };
    let known = store::get("deliveries").unwrap_or_default();
    let known = String::from_utf8_lossy(&known).into_owned();
    if known.lines().any(|line| line == delivery) {
        return false;
    }
    let kept: Vec<_> = std::iter::once(delivery).chain(known.lines()).take(KEPT).collect();
    if let Err(error) = store::set("deliveries", kept.join("\n")) {
        eprintln!("the id of a delivery is not kept: {error}");
    }
    true
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use ws_guest::Message;
    use ws_guest::testing::Room;

    use super::*;

    #[test]
    fn an_event_has_a_field_for_each_line() {
        assert_eq!(event("one\r\ntwo"), "data: one\ndata: two\n\n");
    }

    #[test]
    fn a_path_or_method_that_the_hook_has_not_is_refused() {
        let mut room = Room::<Hook>::new();
        let id = room.gets("/hook");
        let reply = room.reply(id).expect("it is answered");
        assert_eq!((reply.status, &reply.headers[0].1[..]), (405, "POST"));
        let id = room.gets("/other");
        assert_eq!(room.reply(id).map(|reply| reply.status), Some(404));
    }

    #[test]
    fn a_delivery_reaches_clients_and_listeners() {
        let mut room = Room::<Hook>::new();
        let (client, listener) = (room.join(), room.gets("/events"));
        room.app.pass_on("hello");
        assert_eq!(room.hears(client), [Message::from("hello")]);
        assert_eq!(room.reply(listener).map(|reply| reply.body), Some(b"data: hello\n\n".to_vec()));
        room.hangs_up(listener);
        assert!(room.app.listeners.is_empty());
    }

    #[test]
    fn a_delivery_counts_once() {
        let _room = Room::<Hook>::new();
        assert!(is_new(Some("a")) && is_new(Some("b")) && is_new(None) && is_new(None));
        assert!(!is_new(Some("a")) && !is_new(Some("b")));
        assert!((0..KEPT).all(|n| is_new(Some(&n.to_string()))) && is_new(Some("a")));
    }
}
