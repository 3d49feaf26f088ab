//! Named groups of clients within a room: the contract's `topics` interface.

use super::undo::Undo;
use super::{Room, SendError, State};
use crate::types::{ClientId, Message};

const MAX_NAME_BYTES: usize = 256;
const MAX_TOPICS_PER_CLIENT: usize = 1024;

/// Why a subscription was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// No client of this room has that id, or it is closing.
    #[error("no client of this room has that id")]
    NoSuchClient,
    /// The topic's name is empty or longer than 256 bytes.
    #[error("the topic's name is empty or longer than 256 bytes")]
    InvalidTopic,
    /// The client already has 1,024 topics.
    #[error("the client already has 1,024 topics")]
    Limit,
}

impl State {
    pub(super) fn subscribe(&mut self, id: ClientId, topic: &str) {
        if !self.members.contains_key(&id) {
            return;
        }
        if let Some(name) = self.topics.add(topic, id) {
            self.client_data.entry(id).or_default().topics.push(name);
        }
    }

    pub(super) fn unsubscribe(&mut self, id: ClientId, topic: &str) {
        if !self.members.contains_key(&id) {
            return;
        }
        if let Some(client_data) = self.client_data.get_mut(&id) {
            client_data.topics.retain(|name| &**name != topic);
        }
        self.topics.remove(topic, id);
    }
}

impl Room {
    /// Adds a client to a topic. Adding it twice is no error.
    pub fn subscribe(&mut self, id: ClientId, topic: &str) -> Result<(), SubscribeError> {
        if topic.is_empty() || topic.len() > MAX_NAME_BYTES {
            return Err(SubscribeError::InvalidTopic);
        }
        let state = self.state_mut();
        let member = state.members.get(&id).ok_or(SubscribeError::NoSuchClient)?;
        if member.is_closing() {
            return Err(SubscribeError::NoSuchClient);
        }
        let topics = state.client_data.get(&id).map_or(&[][..], |client_data| &client_data.topics);
        if topics.iter().any(|name| &**name == topic) {
            return Ok(());
        }
        if topics.len() >= MAX_TOPICS_PER_CLIENT || !state.turn.may_change() {
            return Err(SubscribeError::Limit);
        }
        state.subscribe(id, topic);
        state.turn.undo_log.push(Undo::Subscribed(id, topic.into()));
        Ok(())
    }

    /// Removes a client from a topic. Does nothing if the client is not in it.
    pub fn unsubscribe(&mut self, id: ClientId, topic: &str) {
        let state = self.state_mut();
        if state.topics.contains(topic, id) {
            state.unsubscribe(id, topic);
            state.turn.undo_log.push(Undo::Unsubscribed(id, topic.into()));
        }
    }

    /// Sends a message to the subscribers of a topic, except those in `except`.
    pub fn publish(&mut self, topic: &str, message: impl Into<Message>, except: &[ClientId]) -> Result<(), SendError> {
        let message = message.into();
        self.publish_payload(topic, message.as_text().is_some(), message.as_bytes(), except.iter().copied())
    }

    /// The subscribers of a topic, in the order of their ids.
    pub fn subscribers(&self, topic: &str) -> impl Iterator<Item = ClientId> {
        self.state().topics.of(topic)
    }

    /// The topics of a client, in the order of their names.
    pub fn topics_of(&self, id: ClientId) -> Vec<&str> {
        let mut topics: Vec<&str> =
            self.state().client_data.get(&id).into_iter().flat_map(|data| &data.topics).map(|name| &**name).collect();
        topics.sort_unstable();
        topics
    }
}
