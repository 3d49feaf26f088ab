//! A chat. Everybody receives all joins, leaves and messages.

use ws_guest::{App, Client, ClientId, CloseInfo, Message, broadcast, broadcast_except};

#[derive(Default)]
struct Chat;

ws_guest::export!(Chat);

impl App for Chat {
    fn on_new_client(&mut self, client: Client) {
        broadcast(format!("* guest-{} has joined", client.id)).ok();
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        match message {
            Message::Text(text) => broadcast(format!("guest-{from}: {text}")).ok(),
            Message::Binary(data) => broadcast_except(data, &[from]).ok(),
        };
    }

    fn on_client_left(&mut self, id: ClientId, _info: CloseInfo) {
        broadcast(format!("* guest-{id} has left")).ok();
    }
}
