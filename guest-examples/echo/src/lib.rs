//! Sends every message back to its sender.

wit_bindgen::generate!({ path: "../../wit", world: "app" });

use exports::ws_host::server::handler::{Client, ClientId, CloseInfo, Guest, Message};
use ws_host::server::clients;

struct Echo;

impl Guest for Echo {
    fn on_new_client(_client: Client) {}

    fn on_message(from: ClientId, message: Message) {
        let _ = clients::send(from, &message);
    }

    fn on_client_left(_id: ClientId, _info: CloseInfo) {}
}

export!(Echo);
