//! The durable state of a room, as its records leave it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use ws_cluster::Start;
use ws_cluster::codec::Encode as _;

use super::encoding::{Item, Kind, begin_whole};
use super::error::StateError;
use super::growth::Growth;
use super::marks::Marks;
use crate::room::Dormant;
use crate::store::{DurableTimer, MAX_LIST_BYTES, OpenRequest, Snapshot, StoredEvent, Usage, Write};

/// The bytes of an item of a whole state beside its content, about.
const ITEM_BYTES: u64 = 32;
/// The same of an entry, at most.
const ENTRY_BYTES: u64 = 7;
/// The same of a snapshot, or of the mark of a sender, with the names in it.
const NAMED_BYTES: u64 = 272;

/// The durable state of one room of a cluster.
#[derive(Debug, Clone)]
pub struct RoomState {
    name: Arc<str>,
    entries: BTreeMap<Arc<str>, Bytes>,
    usage: Usage,
    timers: BTreeMap<u64, DurableTimer>,
    requests: BTreeMap<u64, OpenRequest>,
    events: BTreeMap<u64, StoredEvent>,
    /// The bytes of timers, requests and messages.
    kept: u64,
    /// In the order in which they were saved.
    snapshots: Vec<Snapshot>,
    marks: Marks,
    last_event: u64,
    growth: Growth,
    is_known: bool,
    is_clean: bool,
}

impl RoomState {
    /// The state of a room of this name that has never written.
    pub fn new(name: Arc<str>) -> Self {
        Self {
            name,
            entries: BTreeMap::new(),
            usage: Usage::default(),
            timers: BTreeMap::new(),
            requests: BTreeMap::new(),
            events: BTreeMap::new(),
            kept: 0,
            snapshots: Vec::new(),
            marks: Marks::default(),
            last_event: 0,
            growth: Growth::default(),
            is_known: false,
            is_clean: true,
        }
    }

    /// The state of a room after its records, from `data` and `start` of `ws_cluster::Standing`, with whole states in place of what
    /// stood for them. A room whose owner has died is not clean: that may have handled inputs that wrote nothing.
    ///
    /// # Errors
    /// An item is malformed, or has a later format. The room must not open then.
    pub fn from_data(name: Arc<str>, data: impl IntoIterator<Item = Bytes>, start: Start) -> Result<Self, StateError> {
        let mut state = Self::new(name);
        for item in data {
            state.follow(item)?;
        }
        if start == Start::Recovery {
            state.is_clean = false;
        }
        Ok(state)
    }

    /// Reads a whole state.
    ///
    /// # Errors
    /// The bytes are none, or have a later format.
    pub fn decode(name: Arc<str>, whole: Bytes) -> Result<Self, StateError> {
        match Item::begin(whole.clone())?.kind {
            Kind::Whole { .. } => Self::from_data(name, [whole], Start::Handover),
            Kind::Turn => Err(StateError::Malformed),
        }
    }

    /// The whole state, as the item of a record. No item before it counts then.
    pub fn encode(&self) -> Bytes {
        let mut item = begin_whole(self.last_event);
        item.reserve(usize::try_from(self.whole_bytes()).unwrap_or(0));
        let mut add = |write: Write| write.write(&mut item);
        self.entries.iter().for_each(|(key, value)| add(Write::Set(Arc::clone(key), value.clone())));
        self.timers.values().for_each(|timer| add(Write::SetTimer(timer.clone())));
        self.requests.values().for_each(|request| add(Write::SetRequest(request.clone())));
        self.events.values().for_each(|event| add(Write::SetEvent(event.clone())));
        self.snapshots.iter().for_each(|snapshot| add(Write::Save(snapshot.clone())));
        self.marks.by_time().into_iter().for_each(|(from, id)| add(Write::DropEvent { from, id }));
        if self.is_clean {
            add(Write::Close { at_us: 0 });
        }
        item.freeze()
    }

    /// The same, for the next record.
    pub fn begin_whole(&mut self) -> Bytes {
        self.growth.begin_whole();
        self.encode()
    }

    /// The whole state of the last [`Self::begin_whole`] could not be stored, and is due as before.
    pub fn whole_failed(&mut self) {
        self.growth.whole_failed();
    }

    /// Notes a turn, whose item has this length: 0 if it has none.
    pub fn note_turn(&mut self, bytes: usize) {
        self.growth.note(bytes);
    }

    /// Whether the room's records should begin anew with the whole state.
    pub fn is_whole_due(&self) -> bool {
        self.is_known && self.growth.is_due(self.whole_bytes())
    }

    /// The length of the whole state's item, at most and about.
    pub fn whole_bytes(&self) -> u64 {
        let snapshots: usize = self.snapshots.iter().map(Snapshot::bytes).sum();
        let items = self.timers.len() + self.requests.len() + self.events.len() + 1;
        let named = self.snapshots.len() + self.marks.len();
        let around = ENTRY_BYTES * self.usage.keys + ITEM_BYTES * items as u64 + NAMED_BYTES * named as u64;
        self.usage.bytes + self.kept + snapshots as u64 + around
    }

    fn follow(&mut self, item: Bytes) -> Result<(), StateError> {
        let bytes = item.len();
        let mut item = Item::begin(item)?;
        match item.kind {
            Kind::Whole { last_event } => *self = Self { last_event, is_clean: false, ..Self::new(Arc::clone(&self.name)) },
            Kind::Turn => self.growth.note(bytes),
        }
        self.is_known = true;
        while let Some(write) = item.next()? {
            self.apply(&write);
        }
        Ok(())
    }

    /// Makes a change.
    pub fn apply(&mut self, write: &Write) {
        self.is_known = true;
        self.is_clean = matches!(write, Write::Close { .. });
        match write {
            Write::Set(key, value) => self.set(key, value),
            Write::Delete(key) => self.delete(key),
            Write::Clear => {
                self.entries.clear();
                self.usage = Usage::default();
            }
            Write::SetTimer(timer) => {
                let before = self.timers.insert(timer.id, timer.clone());
                self.keep(before.map(|timer| timer.payload.len()), timer.payload.len());
            }
            Write::DropTimer(id) => {
                let before = self.timers.remove(id);
                self.keep(before.map(|timer| timer.payload.len()), 0);
            }
            Write::SetRequest(request) => {
                let before = self.requests.insert(request.id, request.clone());
                self.keep(before.map(|request| request.context.len()), request.context.len());
            }
            Write::DropRequest(id) => {
                let before = self.requests.remove(id);
                self.keep(before.map(|request| request.context.len()), 0);
            }
            Write::SetEvent(event) => {
                self.last_event = self.last_event.max(event.id);
                let before = self.events.insert(event.id, event.clone());
                self.keep(before.as_ref().map(StoredEvent::bytes), event.bytes());
            }
            Write::DropEvent { from, id } if *from == self.name => {
                let before = self.events.remove(id);
                self.keep(before.as_ref().map(StoredEvent::bytes), 0);
            }
            // The sender's own records have the message, until it hears of this.
            Write::DropEvent { from, id } => self.marks.note(from, *id),
            Write::Save(snapshot) => {
                self.snapshots.retain(|saved| saved.sha256 != snapshot.sha256);
                self.snapshots.push(snapshot.clone());
            }
            Write::DropSnapshots { except } => self.snapshots.retain(|saved| Some(&saved.sha256) == except.as_ref()),
            Write::Close { .. } => {}
        }
    }

    fn set(&mut self, key: &Arc<str>, value: &Bytes) {
        self.usage.bytes += value.len() as u64;
        match self.entries.insert(Arc::clone(key), value.clone()) {
            Some(before) => self.usage.bytes -= before.len() as u64,
            None => self.usage = Usage { keys: self.usage.keys + 1, bytes: self.usage.bytes + key.len() as u64 },
        }
    }

    fn delete(&mut self, key: &str) {
        if let Some(before) = self.entries.remove(key) {
            let bytes = (key.len() + before.len()) as u64;
            self.usage = Usage { keys: self.usage.keys - 1, bytes: self.usage.bytes - bytes };
        }
    }

    /// Counts something kept in place of an earlier thing.
    fn keep(&mut self, before: Option<usize>, after: usize) {
        self.kept = self.kept + after as u64 - before.unwrap_or(0) as u64;
    }
}

impl RoomState {
    /// The room opens: it is clean no longer. Returns its kept parts beside the store; `None` if it has never written.
    pub fn open(&mut self) -> Option<Dormant> {
        let is_clean = std::mem::replace(&mut self.is_clean, false);
        let (snapshots, timers) = (self.snapshots(), self.timers());
        let requests = self.requests.values().cloned().collect();
        self.is_known.then_some(Dormant { snapshots, timers, requests, is_clean })
    }

    /// Whether the room has ever written.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether nothing has happened since the newest snapshot.
    pub fn is_clean(&self) -> bool {
        self.is_clean
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

    /// Whether this room has handled a message of another room.
    pub fn has_heard(&self, from: &str, id: u64) -> bool {
        id <= self.marks.of(from)
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
