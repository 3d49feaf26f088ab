//! Keeps what it is told in the store of its room, for the tests of stores.

use ws_guest::store::{self, StoreError};
use ws_guest::{App, Client, ClientId, Message, broadcast, send};

#[derive(Default)]
struct Keeper;

ws_guest::export!(Keeper);

impl App for Keeper {
    fn on_new_client(&mut self, client: Client) {
        send(client.id, format!("{}", client.id)).ok();
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let Message::Text(text) = message else { return };
        match text.split_once(' ').unwrap_or((&text, "")) {
            ("add", entry) => report(from, add(entry)),
            ("trap", entry) => {
                report(from, add(entry));
                panic!("the test asked for it");
            }
            // Some entries behind a key: as many as fit into a message.
            ("list", after) => {
                let entries = store::list("entry/", Some(after).filter(|after| !after.is_empty()), 20);
                let lines = entries.into_iter().map(|(key, value)| format!("{key} {}\n", String::from_utf8_lossy(&value)));
                send(from, lines.collect::<String>()).ok();
            }
            ("set", rest) => {
                let (key, size) = rest.split_once(' ').unwrap_or((rest, "0"));
                let value = vec![b'x'; size.parse().unwrap_or(0)];
                report(from, store::set(key, value).map(|()| "set".to_owned()));
            }
            ("get", key) => drop(send(from, store::get(key).map_or("none".to_owned(), |value| value.len().to_string()))),
            ("delete", key) => report(from, store::delete(key).map(|()| "deleted".to_owned())),
            ("clear", _) => report(from, store::clear().map(|()| "cleared".to_owned())),
            ("count", _) => drop(send(from, count().to_string())),
            ("usage", _) => {
                let usage = store::usage();
                send(from, format!("{} {}", usage.keys, usage.bytes)).ok();
            }
            _ => drop(broadcast(text)),
        }
    }
}

/// Adds an entry with the next number, in two writes.
fn add(entry: &str) -> Result<String, StoreError> {
    let count = count() + 1;
    store::set(&format!("entry/{count:08}"), entry)?;
    store::set("count", count.to_string())?;
    Ok(format!("{count} {entry}"))
}

/// How many entries there are.
fn count() -> u64 {
    store::get("count").and_then(|count| String::from_utf8(count).ok()?.parse().ok()).unwrap_or(0)
}

fn report(to: ClientId, result: Result<String, StoreError>) {
    send(to, result.unwrap_or_else(|error| error.name().to_owned())).ok();
}
