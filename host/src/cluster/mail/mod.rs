//! Stored messages from one room to another, between their owners: each is handled once, in order. Nothing in here does I/O.
//!
//! Two rooms have two chains of records, and no record is in both. So the sender's records keep a message (`Write::SetEvent`) until the
//! receiver's have it, as a mark of its sender (`Write::DropEvent` with another room's name):
//!
//! 1. The sender's turn is stored. Its owner gives the messages to [`Outgoing`], which makes a [`Post`] of each, and makes it again until a
//!    receipt comes.
//! 2. The receiver's owner asks [`Incoming`] about each post. It takes each message once and in order, by the marks in its records and by
//!    the messages that wait for the room.
//! 3. The room handles the message; `Room::receive` stages the mark. When that turn is stored, the owner sends the [`Receipt`].
//! 4. The sender's owner adds the writes that [`Outgoing::handled`] returns to its next turn: the message is off its records.
//!
//! Posts and receipts may be lost, late, doubled and out of order, and either owner may die at any time. The next one begins with what the
//! records have.
//!
//! A room's messages to itself do not come here: its next owner gives those of `RoomState::pending_events` to the room again, as messages
//! that wait, and its own mark is that they are off the records.
//!
//! A message of a turn that writes nothing has the id 0. It is posted once, behind the stored ones before it: at most once, in order.
//!
//! **Ids.** A receiver drops ids up to its sender's mark. So the ids of a room grow over all its owners: an owner numbers new messages from
//! `RoomState::last_event` on, and from the wall clock's microseconds, should the room's records have been removed.
//!
//! **Bounds.** The sender's backlog bounds what it keeps: 1,024 messages or 16 MiB. A receiver has 64 of each sender at most. It
//! remembers the last 1,024 senders; see `state::marks`.
//!
//! | file | owns |
//! | --- | --- |
//! | `post` | the messages between the owners |
//! | `outgoing` | the sender's side |
//! | `incoming` | the receiver's side |

mod incoming;
mod outgoing;
mod post;
#[cfg(test)]
mod tests;

pub use incoming::{Incoming, Verdict};
pub use outgoing::Outgoing;
pub use post::{Mail, Post, Receipt};
