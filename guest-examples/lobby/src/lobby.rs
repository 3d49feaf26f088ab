//! The lobby: players who wait, and the scores.

use ws_guest::{ClientId, broadcast, rooms, send, store};

use super::MATCHES;

#[derive(Default)]
pub struct Lobby {
    /// The player who waits for another one.
    waiting: Option<(ClientId, String)>,
}

impl Lobby {
    pub fn hears(&mut self, from: ClientId, text: &str) {
        let answer = match text.split_once(' ') {
            Some(("play", name)) if is_name(name) => self.pairs(from, name),
            None if text == "scores" => scores(),
            _ => "say `play` and a name, or `scores`".to_owned(),
        };
        send(from, answer).ok();
    }

    pub fn loses(&mut self, id: ClientId) {
        self.waiting.take_if(|(waiting, _)| *waiting == id);
    }

    /// Has the player wait, or begins a match with the one who waits. Returns the answer.
    fn pairs(&mut self, from: ClientId, name: &str) -> String {
        let Some((other, other_name)) = self.waiting.take_if(|(waiting, theirs)| *waiting != from && theirs != name) else {
            self.waiting.get_or_insert((from, name.to_owned()));
            return "wait".to_owned();
        };
        let number = number("matches") + 1;
        let room = format!("{MATCHES}{number}");
        // The room begins with this message, and stays open for its players.
        if let Err(error) = rooms::send_or_create(&room, format!("players {other_name} {name}")) {
            return format!("no match can begin: {}", error.name());
        }
        store::set("matches", number.to_string()).expect("a number fits");
        send(other, format!("match {room}")).ok();
        format!("match {room}")
    }
}

/// A match has a winner.
pub fn counts(text: &str) {
    let Some(name) = text.strip_prefix("won ") else { return };
    let key = format!("score/{name}");
    store::set(&key, (number(&key) + 1).to_string()).expect("a number fits");
    broadcast(scores()).ok();
}

fn scores() -> String {
    let scores = store::entries("score/").map(|(key, value)| {
        let name = key.trim_start_matches("score/");
        format!(" {name} {}", String::from_utf8_lossy(&value))
    });
    format!("scores{}", scores.collect::<String>())
}

fn number(key: &str) -> u64 {
    store::get(key).and_then(|value| String::from_utf8_lossy(&value).parse().ok()).unwrap_or(0)
}

fn is_name(name: &str) -> bool {
    (1..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
