//! The entries of one room's store.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::backing::{Backing, Rows};
use super::cache::Cache;
use super::entry::Entries;
use super::kept::Kept;
use super::page::Page;
use super::usage::{StoreError, Total, size};
use crate::store::{MAX_LIST_ENTRIES, Usage, Write};

/// The store of one room. In memory, `entries` is all of it. With a journal, `entries` lies over what the journal has.
#[derive(Debug)]
pub struct Contents {
    pub(super) origin: Origin,
    pub(super) entries: Entries,
    /// While the commit of this number is not durable, only `entries` counts: it has cleared the store.
    pub(super) cleared_by: Option<u64>,
    /// How much the store holds.
    pub(super) usage: Usage,
    /// The most that it may hold.
    pub(super) most: u64,
    /// How many turns of the room have been given to the journal.
    pub(super) commits: u64,
    /// Those of them that are not durable yet, the oldest first, with the keys that they change.
    pending: VecDeque<(u64, Vec<Arc<str>>)>,
}

/// The place of a store's entries.
#[derive(Debug)]
pub(super) enum Origin {
    Memory {
        /// Where the entries stay while the room, which has this name, is closed.
        kept: Option<(Arc<Kept>, Arc<str>)>,
        total: Arc<Total>,
    },
    Backed {
        backing: Arc<dyn Backing>,
        cache: Arc<Cache>,
        /// The room's number in the cache.
        number: u64,
    },
}

impl Default for Contents {
    /// A store in memory that ends with its room.
    fn default() -> Self {
        let total = Arc::new(Total::new(u64::MAX));
        Self::new(Origin::Memory { kept: None, total }, Default::default(), u64::MAX)
    }
}

impl Contents {
    pub(super) fn new(origin: Origin, (entries, usage): (Entries, Usage), most: u64) -> Self {
        Self { origin, entries, cleared_by: None, usage, most, commits: 0, pending: VecDeque::new() }
    }

    /// How much the store holds.
    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// The journal, if turns that write wait for one.
    pub(crate) fn journal(&self) -> Option<&Arc<dyn Backing>> {
        match &self.origin {
            Origin::Memory { .. } => None,
            Origin::Backed { backing, .. } => Some(backing),
        }
    }

    /// Whether a write can become durable now. In memory it always can.
    pub(in crate::room) fn takes_writes(&self) -> bool {
        self.journal().is_none_or(|journal| journal.takes_writes())
    }

    /// Whether this many more bytes fit into the journal. In memory, timers and states have a limit of their own.
    pub(in crate::room) fn has_room_for(&self, bytes: usize) -> bool {
        self.journal().is_none_or(|journal| journal.has_room_for(bytes as u64))
    }

    /// Whether the journal has anything of the room of this name.
    pub(in crate::room) async fn knows(&self, room: &str) -> Result<bool, StoreError> {
        match self.journal() {
            Some(journal) => journal.knows(room).await,
            None => Ok(false),
        }
    }

    /// The journal's part of the store, unless it is cleared.
    fn below(&self) -> Option<(&Arc<dyn Backing>, &Arc<Cache>, u64)> {
        match &self.origin {
            Origin::Backed { backing, cache, number } if self.cleared_by.is_none() => Some((backing, cache, *number)),
            _ => None,
        }
    }

    /// The value of a key.
    pub(super) async fn value(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        if let Some(entry) = self.entries.get(key) {
            return Ok(entry.value.clone());
        }
        let Some((backing, cache, number)) = self.below() else { return Ok(None) };
        if let Some(value) = cache.get(number, key) {
            return Ok(value);
        }
        // No turn of this room commits meanwhile, since its handler waits here.
        let value = backing.get(key).await?;
        cache.put(number, key, value.clone());
        Ok(value)
    }

    /// The entries whose keys begin with `prefix`, from the first key after `after` on.
    pub(super) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, Bytes)>, StoreError> {
        let limit = limit.min(MAX_LIST_ENTRIES);
        let mut page = Page::new(prefix, after, limit);
        while !page.is_full() {
            let rows = match self.below() {
                Some((backing, ..)) => backing.list(prefix, page.after(), limit).await?,
                None => Rows::default(),
            };
            if !page.add(&self.entries, rows) {
                break;
            }
        }
        Ok(page.into_entries())
    }

    /// Counts a turn with these writes. Returns its number, by which the journal says that it is durable; 0 if it is visible at once.
    pub(in crate::room) fn commit(&mut self, writes: &[Write]) -> u64 {
        if writes.is_empty() {
            return 0;
        }
        self.commits += 1;
        let keys = writes.iter().filter_map(key).cloned().collect();
        self.pending.push_back((self.commits, keys));
        self.commits
    }

    /// The turns up to this number are durable.
    pub(in crate::room) fn note_durable(&mut self, commit: u64) {
        let Origin::Backed { cache, number, .. } = &mut self.origin else { return };
        if self.cleared_by.is_some_and(|cleared| cleared <= commit) {
            self.cleared_by = None;
            // The cache has entries from before the store was cleared.
            *number = cache.number_room();
        }
        while let Some((_, keys)) = self.pending.pop_front_if(|(pending, _)| *pending <= commit) {
            for key in keys {
                if self.entries.get(&key).is_some_and(|entry| entry.commit <= commit)
                    && let Some(entry) = self.entries.remove(&key)
                {
                    cache.put(*number, &key, entry.value);
                }
            }
        }
    }
}

/// The key that a write changes.
fn key(write: &Write) -> Option<&Arc<str>> {
    match write {
        Write::Set(key, _) | Write::Delete(key) => Some(key),
        _ => None,
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        match &self.origin {
            Origin::Memory { kept: Some((kept, room)), .. } if self.usage.keys > 0 => {
                kept.keep(Arc::clone(room), std::mem::take(&mut self.entries), self.usage);
            }
            Origin::Memory { total, .. } => total.replace(size(self.usage), 0),
            Origin::Backed { .. } => {}
        }
    }
}
