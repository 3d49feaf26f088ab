//! Sizes of stores, and the limits on them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::store::Usage;

/// The memory of an entry beside its key and value, about. Without it, many tiny entries would take far more memory than they count for.
const ENTRY_BYTES: u64 = 64;

/// Why a store did not take a write, or could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The key is longer than 512 bytes.
    #[error("the key is longer than 512 bytes")]
    KeyTooLong,
    /// The value is larger than 128 KiB.
    #[error("the value is larger than 128 KiB")]
    ValueTooBig,
    /// This handler has written as much as one handler may: 768 KiB of keys and values, or 100,000 changes.
    #[error("this handler has written as much as one handler may")]
    Limit,
    /// The store of this room is full.
    #[error("the store of this room is full")]
    RoomFull,
    /// The stores of all rooms together are full.
    #[error("the stores of all rooms together are full")]
    TotalFull,
    /// The store cannot be written or read now, for example because the disk is full.
    #[error("the store is not available now")]
    Unavailable,
}

/// The size that counts towards the limits: the bytes of keys and values, and 64 for each entry.
pub(super) fn size(usage: Usage) -> u64 {
    usage.bytes.saturating_add(usage.keys.saturating_mul(ENTRY_BYTES))
}

/// The usage after a change of one key from a value of this size to one of that size.
pub(super) fn changed(usage: Usage, key: usize, before: Option<usize>, after: Option<usize>) -> Usage {
    let entry = |value: Option<usize>| value.map_or((0, 0), |value| (1, (key + value) as u64));
    let ((keys_before, bytes_before), (keys, bytes)) = (entry(before), entry(after));
    Usage { keys: (usage.keys + keys).saturating_sub(keys_before), bytes: (usage.bytes + bytes).saturating_sub(bytes_before) }
}

/// The size of all stores of a server that are in memory.
#[derive(Debug)]
pub struct Total {
    size: AtomicU64,
    most: u64,
}

impl Total {
    /// A total that may grow to this size.
    pub fn new(most: u64) -> Self {
        Self { size: 0.into(), most }
    }

    /// Replaces a part of it by one of another size. Returns false if it would become too large: then it stays as it is.
    pub(super) fn try_replace(&self, before: u64, after: u64) -> bool {
        if after <= before {
            self.replace(before, after);
            return true;
        }
        let grown = |size: u64| Some(size.saturating_add(after - before)).filter(|size| *size <= self.most);
        self.size.fetch_update(Relaxed, Relaxed, grown).is_ok()
    }

    /// The same without a look at the limit.
    pub(super) fn replace(&self, before: u64, after: u64) {
        let _ = self.size.fetch_update(Relaxed, Relaxed, |size| Some(size.saturating_add(after).saturating_sub(before)));
    }

    /// Its size.
    pub fn size(&self) -> u64 {
        self.size.load(Relaxed)
    }
}
