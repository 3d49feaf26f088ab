//! The kept parts of a room that is closed.

use crate::store::{DurableTimer, OpenRequest, Snapshot};

/// The kept parts of one closed room, beside its store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dormant {
    /// The saved states, the newest first: one, or several while a probation runs.
    pub snapshots: Vec<Snapshot>,
    /// The durable timers, the next one first.
    pub timers: Vec<DurableTimer>,
    /// The requests to HTTP servers that were not answered.
    pub requests: Vec<OpenRequest>,
    /// Whether nothing has happened since the newest snapshot.
    pub is_clean: bool,
}

impl Dormant {
    /// A room that was never open.
    pub fn new() -> Self {
        Self { is_clean: true, ..Self::default() }
    }

    /// Whether nothing is known of the room, as far as this says.
    pub fn is_new(&self) -> bool {
        self.is_clean && self.snapshots.is_empty() && self.timers.is_empty() && self.requests.is_empty()
    }
}
