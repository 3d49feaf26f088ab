//! A chat: everybody sees joins, leaves and messages, chooses a name, and can whisper.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use ws_guest::{
    App, Client, ClientId, CloseInfo, Lifecycle, Message, Saved, SendError, StartReason, broadcast, broadcast_except, clients,
    send,
};

const HELP: &str = "\
* /name Ada       from now on you are Ada
* /msg Ada hello  says hello to Ada alone; her id works too
* /who            who is here
* /help           this";

/// The longest name, in characters. A line on a screen should still have room for the message.
const MAX_NAME: usize = 24;

/// The answer to `/who` lists at most this many names.
const MAX_LISTED: usize = 100;

/// The name of the saved state's format: a line `7 Ada` for each name.
const STATE: &str = "chat-names-1";

/// The state of one room.
#[derive(Default)]
struct Chat {
    /// The chosen names. A client without one is shown as `guest-7`.
    names: BTreeMap<ClientId, String>,
}

ws_guest::export!(Chat: Lifecycle);

impl App for Chat {
    fn on_new_client(&mut self, client: Client) {
        let name = self.name(client.id);
        say(&format!("* {name} has joined"));
        tell(client.id, &format!("* You are {name}; /help shows what you can do"));
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        match message {
            Message::Text(text) => self.on_text(from, &one_line(&text)),
            Message::Binary(bytes) => {
                if let Err(error) = broadcast_except(bytes, &[from]) {
                    eprintln!("not sent: {error}");
                }
            }
        }
    }

    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        let how = if info.clean { "has left" } else { "has lost the connection" };
        say(&format!("* {} {how}", self.name(id)));
        self.names.remove(&id);
    }
}

impl Chat {
    fn on_text(&mut self, from: ClientId, text: &str) {
        match split_word(text) {
            ("", _) => {} // An empty line is ignored.
            ("/name", name) => self.rename(from, name),
            ("/msg", rest) => self.whisper(from, rest),
            ("/who", _) => tell(from, &self.who()),
            ("/help", _) => tell(from, HELP),
            (word, _) if word.starts_with('/') => tell(from, "* Unknown command; /help lists the commands"),
            _ => say(&format!("{}: {text}", self.name(from))),
        }
    }

    fn rename(&mut self, id: ClientId, name: &str) {
        if !is_name(name) {
            return tell(id, &format!("* A name is 1 to {MAX_NAME} letters, digits, - and _, a letter first"));
        }
        if self.find(name).is_some_and(|owner| owner != id) || name.to_ascii_lowercase().starts_with("guest-") {
            return tell(id, "* That name is taken");
        }
        say(&format!("* {} is now {name}", self.name(id)));
        self.names.insert(id, name.to_owned());
    }

    fn whisper(&self, from: ClientId, rest: &str) {
        let (to, text) = split_word(rest);
        if text.is_empty() {
            return tell(from, "* To whisper: /msg Ada hello");
        }
        // No lookup first: `send` refuses the id of a client that has left or never existed.
        let line = format!("{} (to you alone): {text}", self.name(from));
        match self.find(to).filter(|id| send(*id, &line).is_ok()) {
            Some(id) => tell(from, &format!("You (to {} alone): {text}", self.name(id))),
            None => tell(from, "* No one here has that name; /who lists everybody"),
        }
    }

    fn who(&self) -> String {
        let here = clients();
        let listed: Vec<_> = here.iter().take(MAX_LISTED).map(|id| format!("{} ({id})", self.name(*id))).collect();
        let rest = match here.len() - listed.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("* Here: {}{rest}", listed.join(", "))
    }

    fn name(&self, id: ClientId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("guest-{id}"))
    }

    /// Finds a client by its chosen name, its `guest-` name or its id.
    fn find(&self, who: &str) -> Option<ClientId> {
        let named = self.names.iter().find(|(_, name)| name.eq_ignore_ascii_case(who)).map(|(id, _)| *id);
        named.or_else(|| who.strip_prefix("guest-").unwrap_or(who).parse().ok())
    }
}

/// Names outlive the instance when a new release takes over.
impl Lifecycle for Chat {
    fn on_start(&mut self, _reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        let Some(saved) = saved else { return Ok(()) };
        if saved.version != STATE {
            return Err(format!("state of an unknown format: {}", saved.version));
        }
        // After a trap the state is as old as the last release: some of its clients may have left.
        let here: BTreeSet<_> = clients().into_iter().collect();
        let names = String::from_utf8_lossy(&saved.data);
        let names = names.lines().filter_map(|line| line.split_once(' '));
        let names = names.filter_map(|(id, name)| Some((id.parse().ok()?, name.to_owned())));
        self.names = names.filter(|(id, _)| here.contains(id)).collect();
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        let lines: String = self.names.iter().map(|(id, name)| format!("{id} {name}\n")).collect();
        Saved { version: STATE.to_owned(), data: lines.into_bytes() }
    }
}

/// Sends a line to everybody. If it is too long to send, the log says so.
fn say(line: &str) {
    if let Err(error) = broadcast(line) {
        eprintln!("not sent: {error}");
    }
}

/// Sends a line to one client. If the client has left, nothing happens.
fn tell(id: ClientId, line: &str) {
    match send(id, line) {
        Ok(_) | Err(SendError::NoSuchClient | SendError::Closing) => {}
        Err(error) => eprintln!("not sent: {error}"),
    }
}

/// Removes line breaks: text after one could imitate a line of the chat's own.
fn one_line(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

/// Splits off the first word.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim())
}

/// A name starts with a letter, so it is never taken for an id.
fn is_name(name: &str) -> bool {
    name.starts_with(char::is_alphabetic)
        && name.chars().count() <= MAX_NAME
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::{is_name, one_line, split_word};

    #[test]
    fn a_name_is_a_short_word_and_not_an_id() {
        assert!(["Ada", "Åsa", "r2-d2", "李"].iter().all(|name| is_name(name)));
        assert!(!["", "7", "-ada", "Ada L", "a\u{200b}b"].iter().any(|name| is_name(name)));
        assert!(is_name(&"a".repeat(24)) && !is_name(&"a".repeat(25)));
    }

    #[test]
    fn a_line_is_split_into_a_command_and_the_rest() {
        assert_eq!(split_word("/msg  Ada hello"), ("/msg", "Ada hello"));
        assert_eq!(split_word("/who"), ("/who", ""));
    }

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(one_line(" hi\n* Ada has left\n"), "hi * Ada has left");
    }
}
