//! A message to a room, from another one or from outside.

use std::sync::Arc;

use super::backlog::Permit;
use super::directory::Known;
use crate::trace::Trace;
use crate::types::Message;

/// The sender of a message to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// The room of this name.
    Room(Arc<str>),
    /// A user of the API, by this name.
    Api(Arc<str>),
}

/// A message to a room, from another one or from outside.
#[derive(Debug)]
pub struct Event {
    /// The sender.
    pub from: Sender,
    /// The receiver's name.
    pub to: Arc<str>,
    /// The content.
    pub message: Message,
    /// Its number among the stored messages of all rooms; 0 if it is not stored.
    pub number: u64,
    /// The span of the handler that has sent it. A stored message of an earlier process has none.
    pub trace: Trace,
    /// Its part of the sender's backlog, given back when nobody has the message any more.
    _permit: Permit,
    /// The receiver exists while a message is on its way to it.
    _receiver: Known,
}

impl Event {
    /// A message that is counted for its sender.
    pub fn new((from, to): (Sender, Arc<str>), message: Message, permit: Permit, receiver: Known) -> Self {
        Self { from, to, message, number: 0, trace: None, _permit: permit, _receiver: receiver }
    }

    /// The room that has sent it and its number, if it is stored until its receiver has handled it. Only messages of rooms are.
    pub fn stored(&self) -> Option<(&Arc<str>, u64)> {
        match &self.from {
            Sender::Room(from) if self.number > 0 => Some((from, self.number)),
            Sender::Room(_) | Sender::Api(_) => None,
        }
    }

    /// Whether it is stored until its receiver has handled it.
    pub fn is_stored(&self) -> bool {
        self.number > 0
    }

    /// The memory that it takes in bytes, about.
    pub fn memory(&self) -> usize {
        self.message.as_bytes().len() + size_of::<Self>()
    }
}
