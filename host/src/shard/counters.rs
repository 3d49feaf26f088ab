//! Counters that all shards of a server share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::log::in_short;

/// Counts that other threads may read.
#[derive(Debug, Default)]
pub struct Counters {
    rooms: AtomicUsize,
    hibernating: AtomicUsize,
    traps: AtomicU64,
    last_trap: Mutex<Option<String>>,
}

impl Counters {
    /// How many rooms are open.
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

    /// How many rooms hibernate: they are kept in memory, and no instance of them runs.
    pub fn hibernating(&self) -> usize {
        self.hibernating.load(Relaxed)
    }

    /// A room hibernates from now on.
    pub fn add_hibernating(&self) {
        self.hibernating.fetch_add(1, Relaxed);
    }

    /// This many rooms have opened again, or are dropped.
    pub fn remove_hibernating(&self, count: usize) {
        self.hibernating.fetch_sub(count, Relaxed);
    }

    /// The message of the last failure, in one line of bounded length.
    pub fn last_trap(&self) -> Option<String> {
        self.last_trap.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An app has failed, with this message.
    pub fn count_trap(&self, message: &str) {
        *self.last_trap.lock().unwrap_or_else(PoisonError::into_inner) = Some(in_short(message));
        self.traps.fetch_add(1, Relaxed);
    }
}
