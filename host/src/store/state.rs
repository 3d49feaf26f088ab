//! The state of a room in the database, as plain data.

use bytes::Bytes;

/// The number of a room's keys, and the bytes of its keys and values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The number of keys.
    pub keys: u64,
    /// The bytes of keys and values.
    pub bytes: u64,
}

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Bytes,
}

/// A part of a room's entries, in the order of their keys' bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether more entries follow: the page ended at its limit of entries or bytes.
    pub more: bool,
}

/// A room with durable timers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRoom {
    /// The room's name.
    pub room: String,
    /// When its next timer is due, in microseconds since 1970.
    pub due_us: u64,
}

/// A place in the order of the rooms' last use, from which their expiry goes on. By default it is the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub(super) used: i64,
    pub(super) room: i64,
}

/// The result of one step of an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The number of rooms that it has removed.
    pub removed: usize,
    /// Where the next step goes on; `None` if it was the last one.
    pub next: Option<Place>,
}
