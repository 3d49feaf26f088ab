//! Sends every message to everybody, the sender too, and says nothing of its own: what a fan-out costs.

use ws_guest::{App, ClientId, Message, broadcast};

#[derive(Default)]
struct Relay;

impl App for Relay {
    fn on_message(&mut self, _from: ClientId, message: Message) {
        broadcast(message).ok();
    }
}

ws_guest::export!(Relay);
