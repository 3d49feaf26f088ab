//! Sends every message to everybody, the sender included, and nothing else. It measures the cost of a fan-out.

use ws_guest::{App, ClientId, Message, broadcast};

#[derive(Default)]
struct Relay;

impl App for Relay {
    fn on_message(&mut self, _from: ClientId, message: Message) {
        broadcast(message).ok();
    }
}

ws_guest::export!(Relay);
