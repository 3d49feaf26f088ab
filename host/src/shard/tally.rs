//! How many clients something of the owner's has reached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use tokio::sync::oneshot;

/// Counts the clients that something of the owner's reaches, on several shards and in several rooms. Each of them has a clone. The owner hears
/// the result when the last one is dropped: also that of a room that ends, or of a shard that has stopped.
#[derive(Debug, Clone)]
pub struct Tally(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    clients: AtomicUsize,
    is_taken: AtomicBool,
    is_found: AtomicBool,
    is_full: AtomicBool,
    /// There until this is dropped.
    result: Option<oneshot::Sender<Tallied>>,
}

/// The result of a tally.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tallied {
    /// The clients for which a message is queued, or which are closed.
    pub clients: usize,
    /// Whether a shard has taken it: one that has stopped takes nothing.
    pub is_taken: bool,
    /// Whether the room or a client that it is for was found.
    pub is_found: bool,
    /// Whether a room has dropped it, since too much waits there.
    pub is_full: bool,
}

impl Tallied {
    /// Adds the result of another node.
    pub fn add(&mut self, other: &Self) {
        self.clients += other.clients;
        self.is_taken |= other.is_taken;
        self.is_found |= other.is_found;
        self.is_full |= other.is_full;
    }
}

impl Tally {
    /// A tally, and its result to come.
    pub fn new() -> (Self, oneshot::Receiver<Tallied>) {
        let (result, tallied) = oneshot::channel();
        let (clients, is_taken, is_found, is_full) = Default::default();
        (Self(Arc::new(Counts { clients, is_taken, is_found, is_full, result: Some(result) })), tallied)
    }

    /// A shard has taken it.
    pub fn note_taken(&self) {
        self.0.is_taken.store(true, Relaxed);
    }

    /// The room, or a client, was found.
    pub fn note_found(&self) {
        self.0.is_found.store(true, Relaxed);
    }

    /// A room has dropped it.
    pub fn note_full(&self) {
        self.0.is_full.store(true, Relaxed);
    }

    /// It has reached this many clients more.
    pub fn add(&self, clients: usize) {
        self.0.clients.fetch_add(clients, Relaxed);
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        let tallied = Tallied {
            clients: *self.clients.get_mut(),
            is_taken: *self.is_taken.get_mut(),
            is_found: *self.is_found.get_mut(),
            is_full: *self.is_full.get_mut(),
        };
        if let Some(result) = self.result.take() {
            // An error means that the owner does not ask for it.
            let _ = result.send(tallied);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_comes_when_the_last_clone_is_dropped() {
        let (one, mut result) = Tally::new();
        let other = one.clone();
        one.note_taken();
        one.add(2);
        drop(one);
        assert!(result.try_recv().is_err());
        other.note_found();
        other.add(3);
        drop(other);
        assert_eq!(result.try_recv(), Ok(Tallied { clients: 5, is_taken: true, is_found: true, is_full: false }));
    }
}
