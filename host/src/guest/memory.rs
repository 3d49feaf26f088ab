//! The linear memory of all instances together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How much linear memory the instances of an engine have. It changes when one starts, grows or ends.
#[derive(Debug, Default)]
pub struct GuestMemory {
    bytes: AtomicUsize,
    instances: AtomicUsize,
}

/// One instance's part of it, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    all: Arc<GuestMemory>,
    bytes: usize,
}

impl GuestMemory {
    /// The bytes of all linear memories.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// The instances.
    pub fn instances(&self) -> usize {
        self.instances.load(Relaxed)
    }

    /// The part of a new instance, which has no memory yet.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        self.instances.fetch_add(1, Relaxed);
        Share { all: Arc::clone(self), bytes: 0 }
    }
}

impl Share {
    /// The instance has grown by this many bytes.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.all.bytes.fetch_add(bytes, Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(self.bytes, Relaxed);
        self.all.instances.fetch_sub(1, Relaxed);
    }
}
