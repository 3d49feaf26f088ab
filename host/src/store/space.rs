//! The bytes of all rooms, and their limit.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The bytes of commits that may wait for the writer, of all rooms together. A room waits for its own commits before it holds more
/// than 16 MiB, so this many wait only when very many rooms write faster than the disk.
pub(super) const MAX_WAITING_BYTES: usize = 256 << 20;
/// The memory of a commit in the queue besides its keys and values.
const COMMIT_BYTES: usize = 256;

/// The numbers that all threads see.
#[derive(Debug)]
pub(super) struct Space {
    is_available: AtomicBool,
    total_limit: Option<u64>,
    /// Durable bytes of entries, timers and snapshots.
    total: AtomicU64,
    /// Bytes of the commits that wait.
    waiting: AtomicUsize,
    transactions: AtomicU64,
}

impl Space {
    pub(super) fn new(total: u64, total_limit: Option<u64>) -> Self {
        Self {
            is_available: AtomicBool::new(true),
            total_limit,
            total: AtomicU64::new(total),
            waiting: AtomicUsize::new(0),
            transactions: AtomicU64::new(0),
        }
    }

    pub(super) fn is_available(&self) -> bool {
        self.is_available.load(Relaxed)
    }

    pub(super) fn set_available(&self, is_available: bool) {
        self.is_available.store(is_available, Relaxed);
    }

    pub(super) fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }

    pub(super) fn set_total(&self, total: u64) {
        self.total.store(total, Relaxed);
    }

    pub(super) fn transactions(&self) -> u64 {
        self.transactions.load(Relaxed)
    }

    pub(super) fn count_transaction(&self) {
        self.transactions.fetch_add(1, Relaxed);
    }

    /// Whether this many more bytes fit. Commits that wait count in full, even where they replace values.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        let Some(limit) = self.total_limit else { return true };
        let waiting = u64::try_from(self.waiting()).unwrap_or(u64::MAX);
        self.total().saturating_add(waiting).saturating_add(bytes) <= limit
    }

    /// Bytes of the commits that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Whether so much waits that a commit which can come later should.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting() > MAX_WAITING_BYTES / 2
    }

    /// Counts a commit that is to wait. Fails with the bytes that wait already if there is no room for it.
    pub(super) fn begin_waiting(&self, bytes: usize) -> Result<(), usize> {
        let before = self.waiting.fetch_add(bytes + COMMIT_BYTES, Relaxed);
        if before > 0 && before + bytes + COMMIT_BYTES > MAX_WAITING_BYTES {
            self.end_waiting(bytes);
            return Err(before);
        }
        Ok(())
    }

    pub(super) fn end_waiting(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes + COMMIT_BYTES, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_past_256_mib_that_wait_are_refused() {
        let space = Space::new(0, None);
        space.begin_waiting(200 << 20).expect("they may wait");
        space.begin_waiting(50 << 20).expect("they may wait");
        let waiting = (250 << 20) + 2 * COMMIT_BYTES;
        assert_eq!(space.begin_waiting(6 << 20), Err(waiting));
        assert!(space.is_busy());
        space.begin_waiting(5 << 20).expect("they may wait");
        space.end_waiting(200 << 20);
        assert!(!space.is_busy());
        space.begin_waiting(6 << 20).expect("they may wait");
    }

    #[test]
    fn a_commit_alone_is_never_too_large_to_wait() {
        assert_eq!(Space::new(0, None).begin_waiting(MAX_WAITING_BYTES * 2), Ok(()));
    }
}
