//! Counters that all shards of a server share.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::traps::{Trap, Traps};

/// Counts that other threads may read.
#[derive(Debug, Default)]
pub struct Counters {
    rooms: AtomicUsize,
    hibernating: AtomicUsize,
    traps: AtomicU64,
    last_traps: Traps,
    has_written_to_memory: AtomicBool,
    answers_requests: AtomicBool,
    takes_events: AtomicBool,
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

    /// An app has written to a store in memory. Returns whether it is the first time.
    pub fn note_write_to_memory(&self) -> bool {
        // Most calls find it noted, and a load is cheaper than a swap.
        !self.has_written_to_memory.load(Relaxed) && !self.has_written_to_memory.swap(true, Relaxed)
    }

    /// Whether the app of new rooms answers plain HTTP requests. During a swap, shards may differ.
    pub fn answers_requests(&self) -> bool {
        self.answers_requests.load(Relaxed)
    }

    /// Notes whether the app of new rooms answers plain HTTP requests.
    pub fn set_answers_requests(&self, answers: bool) {
        self.answers_requests.store(answers, Relaxed);
    }

    /// Whether the app of new rooms takes events.
    pub fn takes_events(&self) -> bool {
        self.takes_events.load(Relaxed)
    }

    /// Notes whether the app of new rooms takes events.
    pub fn set_takes_events(&self, takes: bool) {
        self.takes_events.store(takes, Relaxed);
    }

    /// The message of the last failure, in one line of bounded length.
    pub fn last_trap(&self) -> Option<String> {
        self.last_traps.last_message()
    }

    /// The last failures, the newest first.
    pub fn last_traps(&self) -> Vec<Trap> {
        self.last_traps.all()
    }

    /// An app has failed.
    pub fn count_trap(&self, trap: Trap) {
        self.last_traps.add(trap);
        self.traps.fetch_add(1, Relaxed);
    }
}
