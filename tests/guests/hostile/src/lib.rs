//! A guest that misbehaves on command: it spins in a chosen handler, sleeps, dies (`die.rs`), floods the host (`flood.rs`)
//! and closes other clients.

mod die;
mod flood;

use std::cell::Cell;
use std::time::Duration;

use ws_guest::{
    App, Client, ClientId, CloseInfo, Decision, Flow, Gate, Lifecycle, Message, Request, Saved, StartReason, TimerId, Timers,
    broadcast, clients, close, control, send,
};

#[derive(Default)]
struct Hostile {
    /// The handler that will spin.
    spins_in: Cell<&'static str>,
}

ws_guest::export!(Hostile: Gate, Lifecycle, Flow, Timers);

impl Hostile {
    fn here(&self, place: &str) {
        if self.spins_in.get() == place {
            die::spin();
        }
    }
}

impl App for Hostile {
    fn on_new_client(&mut self, client: Client) {
        if client.query == "spin" {
            die::spin();
        }
        broadcast(format!("joined {}", client.id)).ok();
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let text = message.as_text().unwrap_or_default();
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (first, last) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = |text: &str| text.parse().unwrap_or(0);
        match command {
            "say" => drop(send(from, rest)),
            "spin-in" => {
                self.spins_in.set(rest.to_owned().leak());
                send(from, "as you wish").ok();
            }
            "spin-at" => drop(control::set_timer(Duration::ZERO, rest.as_bytes())),
            "fill" => (0..5).for_each(|_| {
                send(from, vec![7; 30_000]).ok();
            }),
            "close-everybody" => {
                let closed = clients().into_iter().filter(|id| close(*id, 4000, "everybody").is_ok()).count();
                eprintln!("closed {closed}");
            }
            "spin" => self.here("on-message"),
            "sleep" => (0..number(last).max(1)).for_each(|_| std::thread::sleep(Duration::from_millis(number(first) as u64))),
            "die" => die::of(rest),
            "forge" => println!("forged\r2026-01-01 ERROR \u{1b}[2J\u{9b}2J\u{8}the host is on fire"),
            // The flood may use up the handler's send budget, so the result goes to the log.
            _ => eprintln!("flooded: {}", flood::with(command, from, number(first), number(last))),
        }
    }

    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        if info.reason == "spin" {
            die::spin();
        }
        let closed = close(id, 4000, "already gone").map_err(|error| error.to_string());
        let others = if info.reason == "take all with you" {
            clients().into_iter().map(|id| close(id, 4001, "taken along")).filter(Result::is_ok).count()
        } else {
            0
        };
        let line = format!("left {id}: {} {:?}, close={closed:?}, others={others}", info.code, info.reason);
        eprintln!("{line}");
        broadcast(line).ok();
    }
}

impl Gate for Hostile {
    fn on_upgrade(&mut self, request: Request) -> Decision {
        if request.path == "/spin" {
            die::spin();
        }
        Decision::accept()
    }
}

impl Lifecycle for Hostile {
    fn on_start(&mut self, _reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        if saved.is_some_and(|saved| saved.version == "on-start") {
            die::spin();
        }
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        self.here("snapshot");
        Saved { version: self.spins_in.get().to_owned(), data: Vec::new() }
    }
}

impl Flow for Hostile {
    fn on_drain(&mut self, _id: ClientId) {
        self.here("on-drain");
    }
}

impl Timers for Hostile {
    fn on_timer(&mut self, _id: TimerId, payload: Vec<u8>) {
        if payload == b"spin" {
            die::spin();
        }
        broadcast(&*String::from_utf8_lossy(&payload)).ok();
    }
}
