//! Messages to other rooms, and from them.

use ws_guest::rooms::{self, RoomsError, Source};
use ws_guest::{Events, Message, broadcast, store};

use super::{Probe, shown};

/// Follows a command, and returns the answer, if it is one about rooms.
pub fn obey(command: &str, rest: &str) -> Option<String> {
    let (to, text) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match command {
        "room" => format!("room {:?}", rooms::name()),
        "tell" => shown(rooms::send(to, text)),
        "tell-bytes" => shown(rooms::send(to, text.as_bytes())),
        "create" => shown(rooms::send_or_create(to, text)),
        "write-and-tell" => {
            store::set("told", text).expect("the store takes it");
            shown(rooms::send_or_create(to, text))
        }
        "tell-on-leave" => shown(store::set("tell-on-leave", rest)),
        "tell-often" => often(to, text),
        "tell-large" => shown(rooms::send(to, vec![7; text.parse().unwrap_or(0)])),
        "tell-and-panic" => {
            rooms::send(to, text).expect("the room exists");
            panic!("told to panic");
        }
        _ => return None,
    })
}

/// Sends what was remembered for the time when a client leaves.
pub fn on_client_left() {
    if let Some(remembered) = store::get("tell-on-leave") {
        obey("tell", &String::from_utf8_lossy(&remembered));
    }
}

/// Sends the numbers from 1 on, as many as the text says, until one is not accepted.
fn often(to: &str, count: &str) -> String {
    let send = |number: u32| rooms::send(to, number.to_string()).map_err(|error| (number, error));
    match (1..=count.parse().unwrap_or(0)).try_for_each(send) {
        Ok(()) => "ok".to_owned(),
        Err((number, error)) => format!("{number}: {}", shown(Err::<(), RoomsError>(error))),
    }
}

impl Events for Probe {
    fn on_event(&mut self, source: Source, message: Message) {
        let from = match source {
            Source::Room(name) => name,
            Source::Api(token) => format!("api:{token}"),
        };
        let Message::Text(text) = message else {
            broadcast(message).ok();
            return;
        };
        match text.split_once(' ').unwrap_or((&text, "")) {
            ("panic", why) => panic!("told to panic: {why}"),
            ("back", rest) => rooms::send(&from, rest).expect("the sender exists"),
            ("for-ever", _) => rooms::send(&from, &text).expect("the sender exists"),
            ("count", _) => {
                let count = store::get("count").map_or(0, |count| String::from_utf8_lossy(&count).parse().unwrap_or(0)) + 1;
                store::set("count", count.to_string()).expect("the store takes it");
            }
            _ => {}
        }
        broadcast(format!("event {from} {text}")).ok();
    }
}
