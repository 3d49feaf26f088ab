//! Reads of a room's state.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use super::marks::Marks;
use super::room_state::RoomState;
use crate::room::Dormant;
use crate::store::{DurableTimer, MAX_LIST_BYTES, Snapshot, StoredEvent, Usage};

impl RoomState {
    /// The room opens: it is clean no longer. Returns its kept parts beside the store; `None` if it has never written.
    pub fn open(&mut self) -> Option<Dormant> {
        let is_clean = std::mem::replace(&mut self.is_clean, false);
        let (snapshots, timers) = (self.snapshots(), self.timers());
        let requests = self.requests.values().cloned().collect();
        self.is_known.then_some(Dormant { snapshots, timers, requests, is_clean })
    }

    /// How much the store holds.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The bytes of timers, requests without an answer, and messages to other rooms.
    pub fn kept_bytes(&self) -> u64 {
        self.kept
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&Bytes> {
        self.entries.get(key)
    }

    /// The entries whose keys begin with `prefix`, from the first key after `after` on: at most `limit`, and no more behind the one that
    /// passes `MAX_LIST_BYTES`. Tells whether more follow.
    pub fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> (Vec<(Arc<str>, Bytes)>, bool) {
        let start = after.filter(|after| *after >= prefix).map_or(Bound::Included(prefix), Bound::Excluded);
        let (mut listed, mut bytes) = (Vec::new(), 0);
        for (key, value) in self.entries.range::<str, _>((start, Bound::Unbounded)) {
            if !key.starts_with(prefix) {
                break;
            }
            if listed.len() >= limit || bytes >= MAX_LIST_BYTES {
                return (listed, true);
            }
            bytes += key.len() + value.len();
            listed.push((Arc::clone(key), value.clone()));
        }
        (listed, false)
    }

    /// Whether something is to be done in the room though no client is in it: a durable timer runs, or a message waits for its receiver.
    pub fn is_expecting(&self) -> bool {
        !self.timers.is_empty() || !self.events.is_empty()
    }

    /// When the first of these is to be done, in microseconds since 1970: 0 for messages.
    pub fn next_due(&self) -> Option<u64> {
        let timers = self.timers.values().map(|timer| timer.due_us);
        if self.events.is_empty() { timers.min() } else { Some(0) }
    }

    /// The durable timers, the next one first.
    pub fn timers(&self) -> Vec<DurableTimer> {
        let mut timers: Vec<_> = self.timers.values().cloned().collect();
        timers.sort_by_key(|timer| timer.due_us);
        timers
    }

    /// The saved states, the newest first.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        let mut snapshots: Vec<_> = self.snapshots.iter().rev().cloned().collect();
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.saved_us));
        snapshots
    }

    /// The messages to other rooms, or to this one, that their receivers have not handled, as far as this room knows: in the order of
    /// their ids.
    pub fn pending_events(&self) -> impl Iterator<Item = &StoredEvent> {
        self.events.values()
    }

    /// The last message of each other room that this one has handled.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The largest id of a message that the room has ever sent. All later ones must be larger: a receiver drops others.
    pub fn last_event(&self) -> u64 {
        self.last_event
    }
}
