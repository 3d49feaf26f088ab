//! Which shard has the room of a name.

use std::hash::{BuildHasher, RandomState};

/// Places rooms on shards by their names, for as long as the process runs. A clone places them in the same way.
#[derive(Debug, Clone)]
pub struct Placement {
    hasher: RandomState,
    shards: usize,
}

impl Placement {
    /// A placement on this many shards.
    pub fn new(shards: usize) -> Self {
        Self { hasher: RandomState::new(), shards: shards.max(1) }
    }

    /// The number of shards.
    pub fn shards(&self) -> usize {
        self.shards
    }

    /// The shard of the room of this name.
    pub fn shard_of(&self, room: &str) -> usize {
        self.nth(self.hasher.hash_one(room))
    }

    /// A shard for the room of this number, so that rooms with numbers in a row are spread over all.
    pub fn nth(&self, number: u64) -> usize {
        usize::try_from(number % self.shards as u64).unwrap_or(0)
    }
}
