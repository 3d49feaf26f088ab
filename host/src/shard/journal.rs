//! Where the writes of a turn become durable.

use crate::room::Turn;

/// Makes the writes of turns durable, for all rooms of a shard.
///
/// A room hands each turn over when its handler has returned, and goes on meanwhile: only outputs wait. A shard without a journal
/// makes every turn visible at once.
pub trait Journal {
    /// Takes the writes of a room's turn. Returns false if the turn has none: then `done` is dropped, and the turn does not wait.
    ///
    /// Otherwise `done` is called once, on the shard's thread. The commits of one room become durable in their order: a commit
    /// that is done stands for those before it.
    fn commit(&self, room: &str, turn: &Turn, done: Done) -> bool;
}

/// Tells a room that a commit is durable, or why it never will be.
pub type Done = Box<dyn FnOnce(Result<(), JournalError>)>;

/// Why a journal cannot make a turn durable: a full disk, or a lease that another node holds by now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalError(pub String);
