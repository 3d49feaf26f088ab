//! One entry of a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

/// Entries by key.
pub(in crate::room) type Entries = BTreeMap<Arc<str>, Entry>;

/// The state of a key.
#[derive(Debug, Clone)]
pub(in crate::room) struct Entry {
    /// The value, or none if the key is deleted.
    pub(super) value: Option<Bytes>,
    /// The commit that makes this durable.
    pub(super) commit: u64,
}
