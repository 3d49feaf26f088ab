//! Contents in memory, while their rooms are closed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::entry::Entries;
use crate::store::Usage;

/// The contents of the closed rooms of a shard, by name. They are there until the process ends.
///
/// One thread uses it; the lock is for the compiler, which cannot know that.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<HashMap<Arc<str>, (Entries, Usage)>>);

impl Kept {
    /// Takes the contents of a room that opens.
    pub(super) fn take(&self, room: &str) -> Option<(Entries, Usage)> {
        self.with(|rooms| rooms.remove(room))
    }

    /// Whether it has the contents of a room.
    pub(super) fn has(&self, room: &str) -> bool {
        self.with(|rooms| rooms.contains_key(room))
    }

    /// Keeps the contents of a room that closes.
    pub(super) fn keep(&self, room: Arc<str>, entries: Entries, usage: Usage) {
        self.with(|rooms| rooms.insert(room, (entries, usage)));
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Arc<str>, (Entries, Usage)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
