//! The example of python-websocket-server: all clients hear of each new one.
//!
//! `cargo run --example hello`, then open <http://localhost:13254/> in two tabs.

use ws_host::app::Client;
use ws_host::{Error, Room, Server};

fn new_client(room: &mut Room, _client: &Client) {
    room.broadcast("Hey all, a new client has joined us").ok();
}

fn main() -> Result<(), Error> {
    Server::builder().port(13254).on_new_client(new_client).build()?.run_forever()
}
