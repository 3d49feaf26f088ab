//! Topics: their members, their messages, and who is typing.
//!
//! All state lives in the host: topics, timers and attachments. A swap or a trap loses nothing that matters, so the
//! guest needs no `Lifecycle`.

#![forbid(unsafe_code)]

mod person;

use std::collections::BTreeSet;
use std::time::Duration;

use person::{MAX_TOPICS, MAX_WORD, Person, is_word};
use ws_guest::topics::{publish, publish_except, subscribe, subscribers, unsubscribe};
use ws_guest::{App, AttachmentError, Client, ClientId, CloseInfo, Flow, Message, SendError, SendStatus, TimerId, Timers};
use ws_guest::{attachment, clients, control, send, set_attachment};

const HELP: &str = "error use: name NAME, join TOPIC, leave TOPIC, say TOPIC TEXT, typing TOPIC, who TOPIC";

/// A client that has sent no `typing` for this long has stopped typing.
const TYPING_ENDS: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Rooms {
    /// Slow clients, which get no typing notices until they have caught up. A fresh instance may start empty: the next
    /// notice finds them again.
    behind: BTreeSet<ClientId>,
}

ws_guest::export!(Rooms: Flow, Timers);

impl App for Rooms {
    fn on_new_client(&mut self, client: Client) {
        let person = Person::new(&format!("guest-{}", client.id));
        save(client.id, &person);
        tell(client.id, &format!("name {}", person.name));
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let text = message.as_text().unwrap_or_default().replace(char::is_control, " ");
        let (command, rest) = split_word(&text);
        let (word, said) = split_word(rest);
        match command {
            "name" => rename(from, word),
            "join" => self.join(from, word),
            "leave" => self.leave(from, word),
            "say" => self.say(from, word, said),
            "typing" => self.typing(from, word),
            "who" => tell(from, &format!("here {word}{}", names(subscribers(word)))),
            _ => tell(from, HELP),
        }
    }

    fn on_client_left(&mut self, id: ClientId, _info: CloseInfo) {
        self.behind.remove(&id);
        // The host has already unsubscribed the client, but its attachment still lists the topics.
        let person = load(id);
        for (topic, typing) in &person.topics {
            self.gone(&person.name, topic, *typing);
        }
    }
}

impl Rooms {
    fn join(&mut self, id: ClientId, topic: &str) {
        let mut person = load(id);
        if !is_word(topic) || person.topics.len() >= MAX_TOPICS {
            return tell(
                id,
                &format!("error a topic has at most {MAX_WORD} letters and digits, a client at most {MAX_TOPICS} topics"),
            );
        }
        if person.topics.contains_key(topic) || subscribe(id, topic).is_err() {
            return;
        }
        report(publish_except(topic, format!("joined {topic} {}", person.name), &[id]));
        person.topics.insert(topic.to_owned(), None);
        save(id, &person);
        tell(id, &format!("here {topic}{}", names(subscribers(topic))));
        self.tell_typing(id, topic);
    }

    fn leave(&mut self, id: ClientId, topic: &str) {
        let mut person = load(id);
        let Some(typing) = person.topics.remove(topic) else { return not_in(id, topic) };
        save(id, &person);
        unsubscribe(id, topic);
        tell(id, &format!("left {topic} {}", person.name));
        self.gone(&person.name, topic, typing);
    }

    fn say(&mut self, id: ClientId, topic: &str, said: &str) {
        let mut person = load(id);
        let Some(typing) = person.topics.get_mut(topic) else { return not_in(id, topic) };
        let typed = typing.take();
        if publish(topic, format!("said {topic} {} {said}", person.name)).is_err() {
            return tell(id, "error that message is too long");
        }
        if let Some(timer) = typed {
            control::cancel_timer(timer);
            save(id, &person);
            self.publish_typing(topic);
        }
    }

    fn typing(&mut self, id: ClientId, topic: &str) {
        let mut person = load(id);
        let Some(typing) = person.topics.get_mut(topic) else { return not_in(id, topic) };
        // The payload names client and topic, because another instance may receive the timer.
        let Ok(timer) = control::set_timer(TYPING_ENDS, format!("{id} {topic}").as_bytes()) else { return };
        let before = typing.replace(timer);
        save(id, &person);
        match before {
            Some(timer) => control::cancel_timer(timer),
            None => self.publish_typing(topic),
        }
    }

    /// Announces that a client is no longer in a topic.
    fn gone(&mut self, name: &str, topic: &str, typing: Option<TimerId>) {
        report(publish(topic, format!("left {topic} {name}")));
        if let Some(timer) = typing {
            control::cancel_timer(timer);
            self.publish_typing(topic);
        }
    }

    /// Sends a topic the list of all clients that are typing. With the whole list, a client that misses a notice is
    /// correct again after the next.
    fn publish_typing(&mut self, topic: &str) {
        for id in subscribers(topic) {
            self.tell_typing(id, topic);
        }
    }

    /// `publish` would cost less, but only `send` reports slow clients.
    fn tell_typing(&mut self, id: ClientId, topic: &str) {
        if !self.behind.contains(&id) && send(id, typing_in(topic)) == Ok(SendStatus::Backpressure) {
            self.behind.insert(id);
        }
    }
}

impl Timers for Rooms {
    fn on_timer(&mut self, _id: TimerId, payload: Vec<u8>) {
        let text = String::from_utf8_lossy(&payload);
        let (id, topic) = split_word(&text);
        let Ok(id) = id.parse() else { return };
        let mut person = load(id);
        if let Some(typing) = person.topics.get_mut(topic) {
            *typing = None;
            save(id, &person);
            self.publish_typing(topic);
        }
    }
}

impl Flow for Rooms {
    /// Sends the latest typing notice of each topic that the client is in.
    fn on_drain(&mut self, id: ClientId) {
        if self.behind.remove(&id) {
            for topic in load(id).topics.keys() {
                self.tell_typing(id, topic);
            }
        }
    }
}

fn rename(id: ClientId, name: &str) {
    if !is_word(name) || clients().into_iter().any(|other| load(other).name == name) {
        return tell(id, &format!("error a name has at most {MAX_WORD} letters and digits, and no one else may have it"));
    }
    let mut person = load(id);
    for topic in person.topics.keys() {
        report(publish_except(topic, format!("renamed {topic} {} {name}", person.name), &[id]));
    }
    name.clone_into(&mut person.name);
    save(id, &person);
    tell(id, &format!("name {name}"));
}

/// Returns `typing cats Ada Bob`, or `typing cats` when nobody is typing.
fn typing_in(topic: &str) -> String {
    let is_typing = |id: &ClientId| matches!(load(*id).topics.get(topic), Some(Some(_)));
    format!("typing {topic}{}", names(subscribers(topic).into_iter().filter(is_typing)))
}

fn names(ids: impl IntoIterator<Item = ClientId>) -> String {
    ids.into_iter().map(|id| format!(" {}", load(id).name)).collect()
}

fn not_in(id: ClientId, topic: &str) {
    tell(id, &format!("error you are not in {topic}"));
}

/// Reads a client's attachment.
fn load(id: ClientId) -> Person {
    Person::from_bytes(&attachment(id).unwrap_or_default())
}

fn save(id: ClientId, person: &Person) {
    // A person always fits into an attachment (see MAX_TOPICS), so this only fails if the client has left.
    if let Err(error) = set_attachment(id, &person.to_bytes())
        && error != AttachmentError::NoSuchClient
    {
        eprintln!("not kept: {error}");
    }
}

/// Sends a line to one client. If the client has left, nothing happens.
fn tell(id: ClientId, line: &str) {
    match send(id, line) {
        Ok(_) | Err(SendError::NoSuchClient | SendError::Closing) => {}
        Err(error) => eprintln!("not sent: {error}"),
    }
}

/// Says in the log why a topic did not get a line.
fn report(sent: Result<(), SendError>) {
    if let Err(error) = sent {
        eprintln!("not sent: {error}");
    }
}

/// Splits off the first word.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    (word, rest.trim())
}

#[cfg(test)]
mod tests {
    use super::split_word;

    #[test]
    fn a_line_is_split_into_a_command_and_the_rest() {
        assert_eq!(split_word(" say  cats hello all "), ("say", "cats hello all"));
        assert_eq!(split_word("join"), ("join", ""));
    }
}
