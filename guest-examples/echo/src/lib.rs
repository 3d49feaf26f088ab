//! Sends every message back to its sender, text as text and binary as binary.

use ws_guest::{App, ClientId, Message, send};

#[derive(Default)]
struct Echo;

impl App for Echo {
    fn on_message(&mut self, from: ClientId, message: Message) {
        // An error only means that the sender is leaving.
        send(from, message).ok();
    }
}

ws_guest::export!(Echo);
