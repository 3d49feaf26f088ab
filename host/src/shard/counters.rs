//! Counters that all shards of a server share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Counts that other threads may read.
#[derive(Debug, Default)]
pub struct Counters {
    rooms: AtomicUsize,
    traps: AtomicU64,
}

impl Counters {
    /// How many rooms exist.
    pub fn rooms(&self) -> usize {
        self.rooms.load(Relaxed)
    }

    /// How many times an app has failed since the start.
    pub fn traps(&self) -> u64 {
        self.traps.load(Relaxed)
    }

    /// A room was opened.
    pub fn add_room(&self) {
        self.rooms.fetch_add(1, Relaxed);
    }

    /// This many rooms have ended.
    pub fn remove_rooms(&self, count: usize) {
        self.rooms.fetch_sub(count, Relaxed);
    }

    /// An app has failed.
    pub fn count_trap(&self) {
        self.traps.fetch_add(1, Relaxed);
    }
}
