//! What a room and a connection both know of a client.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::types::Client;

/// A client, and the two facts about its connection that `send` needs.
///
/// The connection and the room share it on one thread; the atomics are plain loads and stores there. They are
/// atomic because a guest's store, which holds the room during a call, must be `Send`.
#[derive(Debug)]
pub struct Peer {
    /// Who it is.
    pub client: Client,
    /// Its place in the shard's table of connections.
    pub slot: usize,
    waiting_bytes: AtomicUsize,
    closing: AtomicBool,
}

impl Peer {
    /// A client that has just connected.
    pub fn new(client: Client, slot: usize) -> Self {
        Self { client, slot, waiting_bytes: AtomicUsize::new(0), closing: AtomicBool::new(false) }
    }

    /// Bytes that are staged or queued for it.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes.load(Relaxed)
    }

    /// Counts bytes that were staged or queued.
    pub fn add_waiting(&self, bytes: usize) {
        self.waiting_bytes.store(self.waiting_bytes() + bytes, Relaxed);
    }

    /// Counts bytes that were written or dropped.
    pub fn sub_waiting(&self, bytes: usize) {
        self.waiting_bytes.store(self.waiting_bytes().saturating_sub(bytes), Relaxed);
    }

    /// Whether it gets no further messages.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// Says whether it gets no further messages.
    pub fn set_closing(&self, closing: bool) {
        self.closing.store(closing, Relaxed);
    }
}
