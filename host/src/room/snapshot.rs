//! The saved state of an instance, as it is kept while its room is closed.

use std::sync::Arc;

use bytes::Bytes;

/// Names a release in what it has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseId {
    /// The component's file name; for people.
    pub name: Arc<str>,
    /// The SHA-256 of the component, in hexadecimal. It is empty for a native app.
    pub sha256: Arc<str>,
}

/// The result of a `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The release that saved it.
    pub by: ReleaseId,
    /// The app's own name for the format of `data`.
    pub version: String,
    /// The state.
    pub data: Bytes,
}

impl Snapshot {
    /// The memory that it takes, about.
    pub fn bytes(&self) -> usize {
        self.version.len() + self.data.len()
    }
}
