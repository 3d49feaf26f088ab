//! A lobby sends players to matches of rock, paper, scissors, each in a room of its own, and keeps the table of scores.
//!
//! Serve it with `ws-host run lobby.wasm --instances per-room --data scores`. All messages are text.
//!
//! | where | a client says | and hears |
//! | --- | --- | --- |
//! | `/lobby` | `play ANN` | `wait`, or `match /match/1` as soon as two want to play |
//! | `/lobby` | `scores` | `scores Ann 2 Ben 1`; all in the lobby hear it after each match, too |
//! | `/match/1?name=ANN` | `rock`, `paper` or `scissors` | `chosen`; when both have: `draw`, or `won ANN`, which ends the match |
//!
//! The rooms talk: the lobby sends `players ANN BEN` to a match, which begins with that message. The match sends `won ANN` back. It does so in
//! the turn that writes down that it is over, so the lobby counts each match once, whatever crashes in between.

mod lobby;
mod matches;

use ws_guest::rooms::{self, Source};
use ws_guest::{App, Client, ClientId, CloseInfo, Decision, Events, Gate, Message, Request};

const LOBBY: &str = "/lobby";
const MATCHES: &str = "/match/";

/// The state of one room, of either kind.
enum Game {
    Lobby(lobby::Lobby),
    Match(matches::Match),
}

impl Default for Game {
    fn default() -> Self {
        if rooms::name() == LOBBY { Self::Lobby(lobby::Lobby::default()) } else { Self::Match(matches::Match::default()) }
    }
}

ws_guest::export!(Game: Gate, Events);

impl Gate for Game {
    fn on_upgrade(&mut self, request: Request) -> Decision {
        let is_room = request.path == LOBBY || request.path.starts_with(MATCHES);
        if is_room { Decision::accept() } else { Decision::refuse(404) }
    }
}

impl App for Game {
    fn on_new_client(&mut self, client: Client) {
        if let Self::Match(game) = self {
            game.enters(&client);
        }
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let text = message.as_text().unwrap_or_default();
        match self {
            Self::Lobby(lobby) => lobby.hears(from, text),
            Self::Match(game) => game.hears(from, text),
        }
    }

    fn on_client_left(&mut self, id: ClientId, _: CloseInfo) {
        if let Self::Lobby(lobby) = self {
            lobby.loses(id);
        }
    }
}

impl Events for Game {
    fn on_event(&mut self, source: Source, message: Message) {
        // Nobody outside has a part in the game.
        let Source::Room(from) = source else { return };
        let text = message.as_text().unwrap_or_default();
        match self {
            Self::Lobby(_) if from.starts_with(MATCHES) => lobby::counts(text),
            Self::Match(_) if from == LOBBY => matches::begins(text),
            _ => {}
        }
    }
}
