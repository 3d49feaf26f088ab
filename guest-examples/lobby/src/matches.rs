//! A match of rock, paper, scissors.

use std::collections::BTreeMap;

use ws_guest::{Client, ClientId, broadcast, close, rooms, send, set_attachment, store};

use super::LOBBY;

const CHOICES: [&str; 3] = ["rock", "paper", "scissors"];

#[derive(Default)]
pub struct Match {
    /// The choices of the players, as positions above.
    chosen: BTreeMap<String, usize>,
}

/// The lobby says who plays.
pub fn begins(text: &str) {
    if let Some(players) = text.strip_prefix("players ") {
        store::set("players", players).expect("two names fit");
    }
}

impl Match {
    pub fn enters(&mut self, client: &Client) {
        let name = client.query.strip_prefix("name=").unwrap_or_default();
        if players().iter().any(|player| player == name) {
            set_attachment(client.id, name.as_bytes()).expect("a name fits");
        } else {
            close(client.id, 4004, "you do not play here").ok();
        }
    }

    pub fn hears(&mut self, from: ClientId, text: &str) {
        let name = String::from_utf8(ws_guest::attachment(from).unwrap_or_default()).unwrap_or_default();
        let Some(choice) = CHOICES.iter().position(|choice| *choice == text) else {
            send(from, "say rock, paper or scissors").ok();
            return;
        };
        if store::get("winner").is_some() {
            send(from, "it is over").ok();
            return;
        }
        self.chosen.insert(name, choice);
        send(from, "chosen").ok();
        let players = players();
        let choices: Vec<_> = players.iter().filter_map(|player| self.chosen.get(player)).collect();
        if let [first, second] = choices[..] {
            let outcome = (3 + first - second) % 3;
            self.chosen.clear();
            match outcome {
                0 => drop(broadcast("draw")),
                winner => ends(&players[winner - 1]),
            }
        }
    }
}

/// Writes the winner down and reports it, in one turn.
fn ends(winner: &str) {
    store::set("winner", winner).expect("a name fits");
    rooms::send(LOBBY, format!("won {winner}")).expect("the lobby exists");
    broadcast(format!("won {winner}")).ok();
}

fn players() -> Vec<String> {
    let players = store::get("players").unwrap_or_default();
    String::from_utf8_lossy(&players).split_whitespace().map(str::to_owned).collect()
}
