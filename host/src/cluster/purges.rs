//! Records of rooms that nobody needs any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::chain::Chains;

/// The time for which a room's release is kept, so that nodes that have been away see it.
const KEPT: Duration = Duration::from_secs(60);
/// Rooms that wait. More keep their few records.
const MAX_WAITING: usize = 65_536;
const TIMEOUT: Duration = Duration::from_secs(5);

/// The rooms without members and without a state that were released.
#[derive(Debug)]
pub(super) struct Purges {
    sender: mpsc::Sender<Released>,
    kept: Duration,
}

/// Such a room, with the sequence of its release.
#[derive(Debug)]
pub(super) struct Released {
    room: Arc<str>,
    sequence: u64,
    at: Instant,
}

impl Purges {
    pub(super) fn new() -> (Self, mpsc::Receiver<Released>) {
        Self::after(KEPT)
    }

    pub(super) fn after(kept: Duration) -> (Self, mpsc::Receiver<Released>) {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        (Self { sender, kept }, receiver)
    }

    /// The room's records go in a minute, unless it is claimed before. Then its next release counts.
    pub(super) fn push(&self, room: Arc<str>, sequence: u64) {
        let _ = self.sender.try_send(Released { room, sequence, at: Instant::now() + self.kept });
    }
}

/// Purges the rooms when their time has come.
pub(super) async fn run(mut released: mpsc::Receiver<Released>, chains: Chains<'_>) {
    while let Some(Released { room, sequence, at }) = released.recv().await {
        sleep_until(at).await;
        let last = chains.last(&room).await;
        if matches!(last, Ok(Some(last)) if last.sequence == sequence) {
            remove(&chains, &room, sequence + 1, sequence + 1).await;
        }
    }
}

/// Removes the records of a room before this sequence, and pieces of records before another.
pub(super) async fn remove(chains: &Chains<'_>, room: &str, before: u64, pieces_before: u64) {
    let (stream, names) = (chains.names.rooms_stream(), chains.names);
    for (filter, before) in [(names.room(room), before), (names.pieces(room), pieces_before)] {
        if chains.records.purge(&stream, filter, before, TIMEOUT).await.is_err() {
            tracing::debug!("records that do not count any more are left for the next purge");
        }
    }
}
