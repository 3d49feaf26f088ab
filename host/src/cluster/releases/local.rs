//! The part of a node's own server in the cluster's releases.

use bytes::Bytes;
use ws_cluster::release::ReleaseRecord;

/// The releases of a node's own server. Its methods are called one after the other, from the node's thread: they do not block it.
pub trait LocalReleases: Send + Sync + 'static {
    /// Whether the component with this hash is at hand: its bytes are not needed.
    fn has(&self, sha256: &str) -> bool;

    /// Compiles the component of this record, if it is not at hand. Its bytes have the right hash.
    ///
    /// # Errors
    /// Why this node cannot run it, in one line.
    fn load(&self, record: ReleaseRecord, bytes: Option<Bytes>) -> impl Future<Output = Result<(), String>> + Send;

    /// Has the loaded component take over. Returns the number of rooms and of their clients. If the record is an undo, and the release that it
    /// calls off is on probation here, the rooms go back with the state at that swap.
    ///
    /// # Errors
    /// Why this node does not run it, in one line. All rooms then run what they did before.
    fn install(&self, record: ReleaseRecord) -> impl Future<Output = Result<(u64, u64), String>> + Send;
}

/// A release has failed its probation at this node, which went back by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The hash of its component.
    pub sha256: String,
    /// The hash of the component that runs again.
    pub runs: String,
    /// How it has failed, in one line.
    pub reason: String,
}
