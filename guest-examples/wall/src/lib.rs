//! A wall: each text is kept, and a newcomer gets the last fifty and the number of all.
//!
//! The key of a text is its number with leading zeros, so that the keys are in the order of the texts.

#![forbid(unsafe_code)]

use ws_guest::store::{self, StoreError};
use ws_guest::{App, Client, ClientId, Message, broadcast, send};

/// How many texts a newcomer gets.
const SHOWN: u64 = 50;
/// The key of the number of all texts.
const COUNT: &str = "count";

#[derive(Default)]
struct Wall;

ws_guest::export!(Wall);

impl App for Wall {
    fn on_new_client(&mut self, client: Client) {
        let count = count();
        send(client.id, format!("* {count} texts are on the wall")).ok();
        let before = count.saturating_sub(SHOWN);
        for (_, text) in store::list("text/", Some(&key(before)), u32::MAX) {
            send(client.id, String::from_utf8_lossy(&text).as_ref()).ok();
        }
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let Message::Text(text) = message else { return };
        match keep(&text) {
            Ok(number) => broadcast(format!("{number}: {text}")).ok(),
            Err(error) => send(from, format!("* The wall does not take this text: {}", reason(error))).ok().map(drop),
        };
    }
}

/// Keeps a text, and returns its number. The two writes count together, or neither does if the handler fails.
fn keep(text: &str) -> Result<u64, StoreError> {
    let number = count() + 1;
    store::set(&key(number), format!("{number}: {text}"))?;
    store::set(COUNT, number.to_string()).inspect_err(|_| {
        // A refused write leaves the one before it.
        store::delete(&key(number)).expect("a text can be taken off the wall");
    })?;
    Ok(number)
}

/// How many texts there are.
fn count() -> u64 {
    store::get(COUNT).and_then(|count| String::from_utf8(count).ok()?.parse().ok()).unwrap_or(0)
}

fn key(number: u64) -> String {
    format!("text/{number:016}")
}

fn reason(error: StoreError) -> &'static str {
    match error {
        StoreError::ValueTooBig => "it is too long",
        StoreError::RoomFull | StoreError::TotalFull => "the wall is full",
        _ => "try again later",
    }
}
