//! A chat with presence and history.

#![forbid(unsafe_code)]

use std::collections::{BTreeSet, VecDeque};

use ws_guest::{App, Client, ClientId, CloseInfo, Lifecycle, Message, Saved, StartReason};
use ws_guest::{attachment, broadcast, clients, send, set_attachment};

/// The number of lines that a newcomer gets.
const KEPT: usize = 50;

#[derive(Default)]
struct Lounge {
    lines: VecDeque<String>,
}

ws_guest::export!(Lounge: Lifecycle);

impl App for Lounge {
    fn on_new_client(&mut self, client: Client) {
        // `/?Ada`. With a gate, take the name from the token instead.
        if let Err(error) = set_attachment(client.id, client.query.as_bytes()) {
            eprintln!("the name of {} is not kept: {error}", client.id);
        }
        for line in &self.lines {
            if let Err(error) = send(client.id, line) {
                eprintln!("not sent: {error}");
            }
        }
        tell_who_is_here();
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let Some(text) = message.as_text() else { return };
        let line = format!("{}: {}", name(from), text.replace('\n', " "));
        if let Err(error) = broadcast(&line) {
            return eprintln!("not sent: {error}");
        }
        self.lines.push_back(line);
        self.lines.drain(..self.lines.len().saturating_sub(KEPT));
    }

    fn on_client_left(&mut self, _id: ClientId, _info: CloseInfo) {
        tell_who_is_here();
    }
}

impl Lifecycle for Lounge {
    fn on_start(&mut self, _reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        if let Some(saved) = saved.filter(|saved| saved.version == "lines-1") {
            self.lines = String::from_utf8_lossy(&saved.data).lines().map(str::to_owned).collect();
        }
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        let lines: Vec<_> = self.lines.iter().map(String::as_str).collect();
        Saved { version: "lines-1".to_owned(), data: lines.join("\n").into_bytes() }
    }
}

fn name(id: ClientId) -> String {
    attachment(id).map_or_else(String::new, |name| String::from_utf8_lossy(&name).into_owned())
}

/// Names each person once, however many tabs they have open.
fn tell_who_is_here() {
    let names: BTreeSet<_> = clients().into_iter().map(name).collect();
    if let Err(error) = broadcast(format!("here: {}", names.into_iter().collect::<Vec<_>>().join(", "))) {
        eprintln!("not sent: {error}");
    }
}
