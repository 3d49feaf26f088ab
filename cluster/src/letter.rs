//! A message on its way out, without the parts that the node adds.

use crate::life::Life;
use crate::message::Message;

/// A message for the same room at another node, or at this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The receiver.
    pub to: Life,
    /// See [`Envelope::epoch`](crate::Envelope::epoch).
    pub epoch: u64,
    /// See [`Envelope::session`](crate::Envelope::session).
    pub session: u64,
    /// The message.
    pub message: Message,
}
