//! A native app with state, and another thread that talks to the running server.
//!
//! `cargo run --example counter`, then connect to the address that it prints.

use ws_host::app::{ClientId, Message, Outcome};
use ws_host::{App, Error, Room, Server};

#[derive(Default)]
struct Counter {
    messages: u64,
}

impl App for Counter {
    async fn on_message(&mut self, room: &mut Room, from: ClientId, _message: Message) -> Outcome {
        self.messages += 1;
        let _ = room.send(from, format!("message {}", self.messages));
        Ok(())
    }
}

fn main() -> Result<(), Error> {
    let server = Server::builder().port(0).app(Counter::default).build()?;
    println!("ws://{}/", server.local_addr());
    let handle = server.handle();
    std::thread::spawn(move || {
        // From any thread: clients, send, broadcast, disconnect_clients, deny_new_clients, allow_new_clients, shutdown.
        let _ = handle.broadcast("hello");
    });
    server.run_forever()
}
