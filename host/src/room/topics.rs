//! Named groups of clients within a room: the contract's `topics` interface.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

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

/// The subscribers of each topic. A topic exists while it has subscribers.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: HashMap<Arc<str>, BTreeSet<ClientId>>,
}

impl Topics {
    pub(super) fn subscribers(&self, topic: &str) -> impl Iterator<Item = ClientId> {
        self.by_name.get(topic).into_iter().flatten().copied()
    }

    /// Adds a client. Returns the topic's shared name, or `None` if the client was in the topic already.
    fn add(&mut self, topic: &str, id: ClientId) -> Option<Arc<str>> {
        let name = match self.by_name.get_key_value(topic) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(topic),
        };
        self.by_name.entry(Arc::clone(&name)).or_default().insert(id).then_some(name)
    }

    pub(super) fn remove(&mut self, topic: &str, id: ClientId) {
        let Some(subscribers) = self.by_name.get_mut(topic) else { return };
        subscribers.remove(&id);
        if subscribers.is_empty() {
            self.by_name.remove(topic);
        }
    }
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
        if state.topics.by_name.get(topic).is_some_and(|subscribers| subscribers.contains(&id)) {
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
        self.state().topics.subscribers(topic)
    }
}
