//! A node's view of all nodes, for the tasks of one life.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use ws_cluster::{Neighbours, NodeRecord, Stop, Time, Timing};

/// The view of one life of this node. Only the thread of the node uses it.
#[derive(Debug)]
pub(super) struct Sight {
    neighbours: Mutex<Neighbours>,
    /// The sequence up to which no record is missing.
    view: watch::Sender<u64>,
}

/// A record of a node, as the watch tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) sequence: u64,
    pub(super) number: u16,
    /// `None` if this version cannot read it.
    pub(super) record: Option<NodeRecord>,
}

impl Sight {
    pub(super) fn new(timing: Timing) -> Self {
        Self { neighbours: Mutex::new(Neighbours::new(timing)), view: watch::Sender::new(0) }
    }

    pub(super) fn neighbours(&self) -> MutexGuard<'_, Neighbours> {
        self.neighbours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self) -> Arc<Neighbours> {
        Arc::new(self.neighbours().clone())
    }

    /// Records that have come together. Returns whether a life has begun or ended.
    pub(super) fn saw(&self, now: Time, records: &[Seen]) -> bool {
        let mut neighbours = self.neighbours();
        let mut has_changed = false;
        for Seen { sequence, number, record } in records {
            match record {
                Some(record) => {
                    let has_ended = neighbours.record(now, *sequence, *number, *record).is_some();
                    has_changed |= has_ended || record.since(*sequence) == *sequence;
                }
                None => neighbours.unreadable(now, *sequence, *number),
            }
        }
        self.view.send_replace(neighbours.view());
        has_changed
    }

    pub(super) fn disconnected(&self) {
        self.neighbours().disconnected();
    }

    /// The last records of all nodes are in view.
    pub(super) fn reconnected(&self, now: Time, last: u64) -> Option<Stop> {
        let mut neighbours = self.neighbours();
        let stopped = neighbours.reconnected(now, last);
        self.view.send_replace(neighbours.view());
        stopped
    }

    /// Waits until no record up to this sequence is missing.
    pub(super) async fn reaches(&self, sequence: u64) {
        // The sender lives as long as this.
        let _ = self.view.subscribe().wait_for(|view| *view >= sequence).await;
    }

    /// Waits until there is another record.
    pub(super) async fn changes(&self) {
        let _ = self.view.subscribe().changed().await;
    }
}
