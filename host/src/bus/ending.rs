//! The shards that have come to rest, at the end of the server.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// The shards whose clients have gone and whose rooms are idle.
#[derive(Debug)]
pub(super) struct Ending {
    shards: usize,
    at_rest: watch::Sender<BTreeSet<usize>>,
}

impl Ending {
    /// None of this many shards is at rest.
    pub(super) fn new(shards: usize) -> Self {
        Self { shards, at_rest: watch::Sender::default() }
    }

    /// This shard is at rest from now on.
    pub(super) fn note(&self, shard: usize) {
        self.at_rest.send_if_modified(|at_rest| at_rest.insert(shard));
    }

    /// Resolves when all are.
    pub(super) async fn all(&self) {
        // It cannot fail: the sender is here.
        let _ = self.at_rest.subscribe().wait_for(|at_rest| at_rest.len() >= self.shards).await;
    }
}
