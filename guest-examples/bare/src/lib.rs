//! A broadcast chat without the SDK: the bindings that wit-bindgen generates are all a guest needs.

wit_bindgen::generate!({ world: "app", path: "../../wit" });

use exports::ws_host::server::handler::{Client, ClientId, CloseInfo, Guest, Message};
use ws_host::server::clients;

struct Chat;

impl Guest for Chat {
    fn on_new_client(client: Client) {
        say(format!("{} has joined", client.id));
    }

    fn on_message(from: ClientId, message: Message) {
        match message {
            Message::Text(text) => say(format!("{from}: {text}")),
            // Bytes have no room for the sender's name: they go to the others unchanged.
            Message::Binary(_) => {
                let _ = clients::broadcast(&message, &[from]);
            }
        }
    }

    fn on_client_left(id: ClientId, _info: CloseInfo) {
        say(format!("{id} has left"));
    }
}

/// Sends a line to everybody. A line that is too long to send is dropped.
fn say(line: String) {
    let _ = clients::broadcast(&Message::Text(line), &[]);
}

export!(Chat);
