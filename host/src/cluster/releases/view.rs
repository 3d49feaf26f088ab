//! The releases of the cluster, as other threads see them.

use std::collections::HashSet;
use std::sync::Arc;

use bytestring::ByteString;
use tokio::sync::watch;
use ws_cluster::release::{ReleaseRecord, Report, Rollout};

/// A view that the task renews. A clone costs a reference count.
#[derive(Debug, Clone, Default)]
pub(super) struct View(Arc<watch::Sender<Seen>>);

/// The state of the task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The number of the release that this node runs.
    pub(super) taken: u64,
    /// The sequence of the last record.
    pub(super) sequence: u64,
    /// The hashes that kept records name.
    pub(super) names: HashSet<ByteString>,
    /// The releases that are not called off.
    pub(super) releases: Vec<ReleaseRecord>,
    /// The last reports of nodes, also of dead ones.
    pub(super) reports: Vec<Report>,
}

impl View {
    /// The present state.
    pub(super) fn get(&self) -> watch::Ref<'_, Seen> {
        self.0.borrow()
    }

    /// Shows what has changed.
    pub(super) fn show(&self, rollout: &Rollout) {
        let seen = Seen {
            taken: rollout.taken(),
            sequence: rollout.ledger().sequence(),
            names: rollout.ledger().records().map(|(_, record)| record.component.sha256.clone()).collect(),
            releases: rollout.ledger().releases().into_iter().cloned().collect(),
            reports: rollout.reports().cloned().collect(),
        };
        self.0.send_if_modified(|shown| {
            let is_new = *shown != seen;
            if is_new {
                *shown = seen;
            }
            is_new
        });
    }

    /// Waits until the state is such.
    #[cfg(test)]
    pub(super) async fn until(&self, is: impl FnMut(&Seen) -> bool) {
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(is).await;
    }
}
