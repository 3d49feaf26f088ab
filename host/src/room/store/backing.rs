//! Journals: the durable entries of rooms, and the way for more to become so.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::usage::StoreError;
use crate::room::Dormant;
use crate::store::{Usage, Write};

/// An answer that comes from a reader's thread.
pub type Reading<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// Told once whether a commit is durable. It may be called on any thread.
pub type Done = Box<dyn FnOnce(Result<(), JournalError>) + Send>;

/// Why a journal cannot make a turn durable: a full disk, or a lease that another node holds by now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalError(pub String);

/// Entries in the order of their keys, and whether there may be more behind them.
#[derive(Debug, Default)]
pub struct Rows {
    /// The entries.
    pub entries: Vec<(Arc<str>, Bytes)>,
    /// Whether there may be more. If so, `entries` has one at least.
    pub more: bool,
}

/// Where the writes of turns become durable, for all rooms.
pub trait Journal: Debug + Send + Sync {
    /// Opens a room: its earlier life has ended, and what was not durable by then is lost.
    fn open(&self, room: &str) -> Pin<Box<dyn Future<Output = Result<Opened, JournalError>> + Send>>;
}

/// A room that has been opened.
#[derive(Debug)]
pub struct Opened {
    /// The room's part of the journal.
    pub backing: Arc<dyn Backing>,
    /// How much its store holds.
    pub usage: Usage,
    /// The other kept parts of the room; `None` if the journal does not know the room.
    pub dormant: Option<Dormant>,
}

/// A room's part of a journal, from the room's opening to its end. Nothing of it blocks the shard's thread.
pub trait Backing: Debug + Send + Sync {
    /// The durable value of a key.
    fn get(&self, key: &str) -> Reading<Option<Bytes>>;

    /// The durable entries whose keys begin with `prefix`, from the first key after `after` on, at most `limit`.
    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Reading<Rows>;

    /// Whether the journal has anything of the room of this name.
    fn knows(&self, room: &str) -> Reading<bool>;

    /// Whether the journal takes writes now.
    fn takes_writes(&self) -> bool;

    /// Whether so much waits for it that a commit which can come later should.
    fn is_busy(&self) -> bool;

    /// Whether this many more bytes fit into it.
    fn has_room_for(&self, bytes: u64) -> bool;

    /// Makes the writes of a turn durable: all of them or none. The commits of a room become durable in their order. When one fails, so
    /// do all later ones.
    fn commit(&self, writes: Vec<Write>, done: Done);
}
