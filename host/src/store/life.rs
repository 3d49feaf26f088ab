//! One life of a room: from its opening until it is opened again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// One life of a room: from its opening until it is opened again.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) name: Arc<str>,
    pub(super) opened_us: u64,
    /// Whether a commit of this life has failed: no later one may become durable.
    has_failed: AtomicBool,
    /// The room's row in the database; 0 while it is not known.
    row: AtomicI64,
}

impl Life {
    pub(super) fn new(name: Arc<str>, opened_us: u64) -> Arc<Self> {
        Arc::new(Self { name, opened_us, has_failed: AtomicBool::new(false), row: AtomicI64::new(0) })
    }

    pub(super) fn fail(&self) {
        self.has_failed.store(true, Relaxed);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Relaxed)
    }

    pub(super) fn set_row(&self, row: i64) {
        self.row.store(row, Relaxed);
    }

    pub(super) fn row(&self) -> Option<i64> {
        Some(self.row.load(Relaxed)).filter(|row| *row != 0)
    }
}
