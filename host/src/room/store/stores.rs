//! How the rooms of a shard get their stores.

use std::sync::Arc;

use super::backing::{Journal, JournalError};
use super::cache::Cache;
use super::contents::{Contents, Origin};
use super::kept::Kept;
use super::usage::Total;
use crate::room::Dormant;

/// The memory of a shard's cache.
const CACHE_BYTES: usize = 32 << 20;

/// The stores of the rooms of one shard. A clone costs some reference counts.
#[derive(Debug, Clone)]
pub struct Stores {
    place: Place,
    /// The most that the store of one room may hold.
    most: u64,
}

#[derive(Debug, Clone)]
enum Place {
    /// In memory. Without `Kept`, a store ends with its room.
    Memory(Option<Arc<Kept>>, Arc<Total>),
    Journal(Arc<dyn Journal>, Arc<Cache>),
}

impl Stores {
    /// Stores in memory, each of at most `most` bytes. They end with the process.
    pub fn in_memory(most: u64, total: Arc<Total>) -> Self {
        Self { place: Place::Memory(Some(Arc::default()), total), most }
    }

    /// Stores in memory, each of which ends with its room.
    pub fn of_rooms(most: u64, total: Arc<Total>) -> Self {
        Self { place: Place::Memory(None, total), most }
    }

    /// Stores whose entries become durable in a journal.
    pub fn journaled(journal: Arc<dyn Journal>, most: u64) -> Self {
        Self { place: Place::Journal(journal, Arc::new(Cache::new(CACHE_BYTES))), most }
    }

    /// Whether these stores outlive their rooms, but not the process.
    pub fn end_with_the_process(&self) -> bool {
        matches!(self.place, Place::Memory(Some(_), _))
    }

    /// Whether these stores outlive the process.
    pub fn are_durable(&self) -> bool {
        matches!(self.place, Place::Journal(..))
    }

    /// Whether the contents of a closed room are kept in memory.
    pub fn keep(&self, room: &str) -> bool {
        matches!(&self.place, Place::Memory(Some(kept), _) if kept.has(room))
    }

    /// Opens the store of a room. A journal that knows the room gives its other kept parts, too.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn open(&self, room: &str) -> Result<(Contents, Option<Dormant>), JournalError> {
        let mut dormant = None;
        let (origin, held) = match &self.place {
            Place::Memory(None, total) => (Origin::Memory { kept: None, total: Arc::clone(total) }, Default::default()),
            Place::Memory(Some(kept), total) => {
                let held = kept.take(room).unwrap_or_default();
                (Origin::Memory { kept: Some((Arc::clone(kept), room.into())), total: Arc::clone(total) }, held)
            }
            Place::Journal(journal, cache) => {
                let opened = journal.open(room).await?;
                let number = cache.number_room();
                dormant = opened.dormant;
                let origin = Origin::Backed { backing: opened.backing, cache: Arc::clone(cache), number };
                (origin, (Default::default(), opened.usage))
            }
        };
        Ok((Contents::new(origin, held, self.most), dormant))
    }
}
