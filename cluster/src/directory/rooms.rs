//! The last records of all durable rooms, as one node sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::record::{KnownRecord, Wake};
use crate::life::Life;
use crate::publication::Publication;

/// A room to open: its name, and the time for which it waited, in microseconds since 1970. `None` if its owner has died.
pub type Due = (Arc<str>, Option<u64>);

/// A node's knowledge of the durable rooms.
///
/// A watch tells it the last record of each room, then [`Directory::complete`] follows, then come new records in the order of the stream. A
/// watch that may have missed one begins anew, with [`Directory::begin`]. Meanwhile the directory has what it had.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    rooms: BTreeMap<Arc<str>, Entry>,
    by_due: BTreeSet<(u64, Arc<str>)>,
    by_owner: BTreeMap<Life, BTreeSet<Arc<str>>>,
    /// Counts the watches.
    watch: u64,
}

/// The last record of a room.
#[derive(Debug, Clone, Copy)]
struct Entry {
    sequence: u64,
    record: KnownRecord,
    /// The last watch in which it was heard of.
    watch: u64,
}

impl Directory {
    /// A watch begins.
    pub fn begin(&mut self) {
        self.watch += 1;
    }

    /// The watch has told all last records: a room without one has been removed.
    pub fn complete(&mut self) {
        let removed: Vec<_> =
            self.rooms.iter().filter(|(_, entry)| entry.watch < self.watch).map(|(room, _)| Arc::clone(room)).collect();
        removed.iter().for_each(|room| self.remove(room));
    }

    /// A record of the watch, or one that this node has stored. An older one than the last is ignored, unless the watch is another one: then
    /// the stream is older than it was.
    pub fn record(&mut self, sequence: u64, room: &Arc<str>, record: KnownRecord) {
        let is_old = |known: &Entry| known.watch == self.watch && sequence < known.sequence;
        if !self.rooms.get(room).is_some_and(is_old) {
            self.put(sequence, room, record);
        }
    }

    /// The last record of a room, read from the stream's leader since the one in here is another one.
    pub fn found(&mut self, room: &Arc<str>, last: Option<(u64, KnownRecord)>) {
        match last {
            Some((sequence, record)) => self.put(sequence, room, record),
            None => self.remove(room),
        }
    }

    /// Whether a room is durable.
    #[must_use]
    pub fn has(&self, room: &str) -> bool {
        self.rooms.contains_key(room)
    }

    /// The names of the durable rooms that begin with `prefix`, behind `after`, in order.
    pub fn names(&self, prefix: &str, after: Option<&str>) -> impl Iterator<Item = &Arc<str>> {
        let from = after.filter(|after| *after >= prefix).map_or(Bound::Included(prefix), Bound::Excluded);
        self.rooms
            .range::<str, _>((from, Bound::Unbounded))
            .map(|(room, _)| room)
            .take_while(move |room| room.starts_with(prefix))
    }

    /// The record that must be stored here before the next record of the room's owner, if the last one in here does not say as much.
    /// `is_closing` tells whether the owner gives the room up: until then, it is no matter if others would wake the room too early.
    ///
    /// `None` too if another owner that lives came later: records of this one are refused.
    #[must_use]
    pub fn lacks(
        &self,
        room: &str,
        record: KnownRecord,
        is_closing: bool,
        is_gone: impl Fn(Life) -> bool,
    ) -> Option<Publication<KnownRecord>> {
        let Some(Entry { sequence, record: known, .. }) = self.rooms.get(room) else {
            return Some(Publication { expected: 0, record });
        };
        let is_replaced = known.epoch > record.epoch && !is_gone(known.owner);
        let says_enough = match record.wake {
            Wake::Never => known.wake == Wake::Never || !is_closing,
            Wake::AfterOwner => known.wake == Wake::AfterOwner && known.owner == record.owner,
            Wake::At(_) => known.wake == record.wake,
        };
        (!is_replaced && !says_enough).then_some(Publication { expected: *sequence, record })
    }

    /// The rooms that are to be opened now, `most` of them: the most overdue first, then those whose owners have died.
    #[must_use]
    pub fn due(&self, now_us: u64, is_gone: impl Fn(Life) -> bool, most: usize) -> Vec<Due> {
        let on_time = self.by_due.iter().take_while(|(due_us, _)| *due_us <= now_us);
        let orphans = self.by_owner.iter().filter(|(owner, _)| is_gone(**owner)).flat_map(|(_, rooms)| rooms);
        let on_time = on_time.map(|(due_us, room)| (Arc::clone(room), Some(*due_us)));
        on_time.chain(orphans.map(|room| (Arc::clone(room), None))).take(most).collect()
    }

    /// When the next closed room is due behind this time, in microseconds since 1970.
    #[must_use]
    pub fn next_due(&self, now_us: u64) -> Option<u64> {
        let behind = (Bound::Excluded((now_us, Arc::from(""))), Bound::Unbounded);
        self.by_due.range(behind).map(|(due_us, _)| *due_us).find(|due_us| *due_us > now_us)
    }

    fn put(&mut self, sequence: u64, room: &Arc<str>, record: KnownRecord) {
        let room = self.rooms.get_key_value(room).map_or_else(|| Arc::clone(room), |(room, _)| Arc::clone(room));
        self.remove(&room);
        match record.wake {
            Wake::Never => {}
            Wake::AfterOwner => {
                self.by_owner.entry(record.owner).or_default().insert(Arc::clone(&room));
            }
            Wake::At(due_us) => {
                self.by_due.insert((due_us, Arc::clone(&room)));
            }
        }
        self.rooms.insert(room, Entry { sequence, record, watch: self.watch });
    }

    fn remove(&mut self, room: &Arc<str>) {
        let Some(Entry { record, .. }) = self.rooms.remove(room) else { return };
        match record.wake {
            Wake::Never => {}
            Wake::AfterOwner => {
                if let Some(rooms) = self.by_owner.get_mut(&record.owner) {
                    rooms.remove(room);
                    if rooms.is_empty() {
                        self.by_owner.remove(&record.owner);
                    }
                }
            }
            Wake::At(due_us) => {
                self.by_due.remove(&(due_us, Arc::clone(room)));
            }
        }
    }
}
