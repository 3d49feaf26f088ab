//! The durable state of a room, as its records leave it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ws_cluster::Start;
use ws_cluster::codec::Encode as _;

use super::encoding::{Item, Kind, begin_whole};
use super::error::StateError;
use super::growth::Growth;
use super::marks::Marks;
use crate::store::{DurableTimer, OpenRequest, Snapshot, StoredEvent, Usage, Write};

/// The bytes of an item of a whole state beside its content, about.
const ITEM_BYTES: u64 = 32;
/// The same of an entry, at most.
const ENTRY_BYTES: u64 = 7;
/// The same of a snapshot, or of the mark of a sender, with the names in it.
const NAMED_BYTES: u64 = 272;

/// The durable state of one room of a cluster.
#[derive(Debug, Clone)]
pub struct RoomState {
    pub(super) name: Arc<str>,
    pub(super) entries: BTreeMap<Arc<str>, Bytes>,
    pub(super) usage: Usage,
    pub(super) timers: BTreeMap<u64, DurableTimer>,
    pub(super) requests: BTreeMap<u64, OpenRequest>,
    pub(super) events: BTreeMap<u64, StoredEvent>,
    /// The bytes of timers, requests and messages.
    pub(super) kept: u64,
    /// In the order in which they were saved.
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) marks: Marks,
    pub(super) last_event: u64,
    pub(super) growth: Growth,
    pub(super) is_known: bool,
    pub(super) is_clean: bool,
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
}
