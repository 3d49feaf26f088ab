//! A message from one room to another.

use std::sync::Arc;

use super::backlog::Permit;
use super::directory::Known;
use crate::types::Message;

/// A message from one room to another.
#[derive(Debug)]
pub struct Event {
    /// The sender's name.
    pub from: Arc<str>,
    /// The receiver's name.
    pub to: Arc<str>,
    /// The content.
    pub message: Message,
    /// Its number among the stored messages of all rooms; 0 if it is not stored.
    pub number: u64,
    /// Its part of the sender's backlog, given back when nobody has the message any more.
    _permit: Permit,
    /// The receiver exists while a message is on its way to it.
    _receiver: Known,
}

impl Event {
    /// A message that is counted for its sender.
    pub fn new((from, to): (Arc<str>, Arc<str>), message: Message, permit: Permit, receiver: Known) -> Self {
        Self { from, to, message, number: 0, _permit: permit, _receiver: receiver }
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
