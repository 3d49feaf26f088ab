//! The store of a room: the contract's `store` interface.
//!
//! A room's store is an ordered map of its own. Writes are part of the turn: the handler and all later ones see them at once, and a
//! handler that fails has written nothing. In memory, a turn is visible as soon as it is committed. With a journal, entries that are not
//! durable yet lie over what the journal has, and its readers are asked for the rest.
//!
//! | file | owns |
//! | --- | --- |
//! | `contents` | the entries of one room, with those that are not durable yet |
//! | `entry` | one entry |
//! | `writing` | the checks and the undoing of a write |
//! | `page` | the result of one `list` |
//! | `backing` | a room's part of a journal |
//! | `cache` | entries that were read lately |
//! | `kept` | contents in memory, while their rooms are closed |
//! | `usage` | sizes, and the limits on them |
//! | `stores` | how the rooms of a shard get their stores |

mod backing;
mod cache;
mod contents;
mod entry;
mod kept;
mod page;
mod stores;
#[cfg(test)]
mod tests;
mod usage;
mod writing;

use std::sync::Arc;

use bytes::Bytes;

use super::{Room, State};
use crate::store::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Usage};
pub use backing::{Backing, Done, Journal, JournalError, Opened, Reading, Rows};
pub use contents::Contents;
pub use stores::Stores;
pub use usage::{StoreError, Total};
pub(super) use writing::{Unwrite, Written};

/// The store of a room: an ordered map from keys (text) to values (bytes), kept over restarts of the app, and of the server if it has a
/// data folder.
///
/// A write is part of the handler's turn: it counts when the handler returns `Ok`, together with what the handler has sent. Handlers of a
/// room run one after the other, and nobody else writes to its store. So a handler may read, compute and write without a lock.
///
/// A read of an entry that is not in memory waits for a reader's thread. The room waits meanwhile, and the other rooms go on.
#[derive(Debug)]
pub struct Store<'a> {
    state: &'a mut State,
}

impl Room {
    /// The room's store.
    pub fn store(&mut self) -> Store<'_> {
        Store { state: self.state_mut() }
    }
}

impl Store<'_> {
    /// The value of a key, or `None` if the store does not have the key.
    ///
    /// # Errors
    /// `Unavailable`: the journal cannot be read.
    pub async fn get(&mut self, key: &str) -> Result<Option<Bytes>, StoreError> {
        if key.len() > MAX_KEY_BYTES {
            return Ok(None);
        }
        self.state.contents.value(key).await
    }

    /// Sets the value of a key, in place of an earlier one. The value is copied.
    ///
    /// # Errors
    /// The key or value is too long, the handler, the room or all rooms together have written as much as they may, or the journal does
    /// not take writes now. Nothing is written then.
    pub async fn set(&mut self, key: &str, value: impl AsRef<[u8]>) -> Result<(), StoreError> {
        self.set_bytes(key, value.as_ref().len(), || Bytes::copy_from_slice(value.as_ref())).await
    }

    /// `set` for a value of this length, which is copied only if it is not too large.
    pub(crate) async fn set_bytes(&mut self, key: &str, len: usize, value: impl FnOnce() -> Bytes) -> Result<(), StoreError> {
        if len > MAX_VALUE_BYTES {
            return Err(StoreError::ValueTooBig);
        }
        self.state.write(key, Some(value())).await
    }

    /// Removes a key. A key that the store does not have is no error.
    ///
    /// # Errors
    /// As `set`, but for the sizes of key, value and stores.
    pub async fn delete(&mut self, key: &str) -> Result<(), StoreError> {
        if key.len() > MAX_KEY_BYTES { Ok(()) } else { self.state.write(key, None).await }
    }

    /// Removes all keys.
    ///
    /// # Errors
    /// As `delete`.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        self.state.clear_store()
    }

    /// The entries whose keys begin with `prefix`, in the order of the keys' bytes, from the first key after `after` on: at most `limit`, at
    /// most 1,000, and at most 1 MiB of keys and values. It gives one entry at least if there is one, so an empty list is the end.
    ///
    /// # Errors
    /// `Unavailable`: the journal cannot be read.
    pub async fn list(&mut self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<(Arc<str>, Bytes)>, StoreError> {
        self.state.contents.list(prefix, after, limit).await
    }

    /// How much the store holds.
    pub fn usage(&self) -> Usage {
        self.state.contents.usage
    }
}
