//! What a room and a connection both know of a client.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed};

use crate::types::Client;

/// The running handler has brought this client past the soft limit.
const STAGED: u8 = 1;
/// A handler that has returned has done so, and the app has not been told yet that the client has drained.
const DUE: u8 = 2;

/// A client, and what the room and its connection tell each other about what waits for it.
///
/// The connection and the room share it on one thread; the atomics are plain loads and stores there. They are
/// atomic because a guest's store, which holds the room during a call, must be `Send`.
#[derive(Debug)]
pub struct Peer {
    /// Who it is.
    pub client: Client,
    /// Its place in the shard's table of connections.
    pub slot: usize,
    /// Which shard that is.
    pub shard: u32,
    waiting_bytes: AtomicUsize,
    over_soft: AtomicU8,
    closing: AtomicBool,
    closed_by_app: AtomicBool,
}

impl Peer {
    /// A client that has just connected.
    pub fn new(client: Client, slot: usize, shard: u32) -> Self {
        Self {
            client,
            slot,
            shard,
            waiting_bytes: AtomicUsize::new(0),
            over_soft: AtomicU8::new(0),
            closing: AtomicBool::new(false),
            closed_by_app: AtomicBool::new(false),
        }
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

    /// The running handler has seen more than the soft limit wait for it.
    pub fn note_over_soft(&self) {
        self.over_soft.store(self.over_soft.load(Relaxed) | STAGED, Relaxed);
    }

    /// That handler has returned: the app is to be told when this client has drained.
    pub fn settle_over_soft(&self) {
        if self.over_soft.load(Relaxed) & STAGED != 0 {
            self.over_soft.store(DUE, Relaxed);
        }
    }

    /// That handler has failed: only what others have seen counts.
    pub fn forget_over_soft(&self) {
        self.over_soft.store(self.over_soft.load(Relaxed) & DUE, Relaxed);
    }

    /// Whether the app is to be told now that this client has drained: nothing waits any more, neither queued nor
    /// staged. It is told once.
    pub fn take_drained(&self) -> bool {
        let drained = self.over_soft.load(Relaxed) == DUE && self.waiting_bytes() == 0;
        if drained {
            self.over_soft.store(0, Relaxed);
        }
        drained
    }

    /// Whether it gets no further messages.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// Whether the app has closed it: what it still sends is dropped.
    pub fn is_closed_by_app(&self) -> bool {
        self.closed_by_app.load(Relaxed)
    }

    /// Says whether the app has closed it.
    pub fn set_closed_by_app(&self, closed: bool) {
        self.closed_by_app.store(closed, Relaxed);
    }

    /// Says whether it gets no further messages.
    pub fn set_closing(&self, closing: bool) {
        self.closing.store(closing, Relaxed);
    }
}
