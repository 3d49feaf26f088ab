//! Messages of other rooms for rooms that are closed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use super::event_queue::Queued;
use super::room_task::RoomTask;
use crate::bus::{Event, Known};

/// The closed rooms of a shard, as messages of other rooms find them.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// The messages for rooms that cannot be opened now.
    unopened: RefCell<HashMap<Arc<str>, Queued>>,
    /// The rooms that are kept in memory.
    asleep: RefCell<BTreeMap<Arc<str>, Known>>,
}

impl Incoming {
    /// A room has opened: it gets the messages that have waited for that.
    pub(super) fn opened(&self, room: &str, task: &RoomTask) {
        self.asleep.borrow_mut().remove(room);
        for (at, event) in self.unopened.borrow_mut().remove(room).unwrap_or_default() {
            task.events.push(at, event);
        }
    }

    /// Whether messages wait for a room to open.
    pub(super) fn has_unopened(&self) -> bool {
        !self.unopened.borrow().is_empty()
    }

    /// A message waits for its room to open.
    pub(super) fn wait(&self, at: Instant, event: Arc<Event>) {
        self.unopened.borrow_mut().entry(Arc::clone(&event.to)).or_default().push_back((at, event));
    }

    /// The rooms that messages wait for.
    pub(super) fn unopened(&self) -> Vec<Arc<str>> {
        self.unopened.borrow().keys().cloned().collect()
    }

    /// Whether a room is kept in memory.
    pub(super) fn is_asleep(&self, room: &str) -> bool {
        self.asleep.borrow().contains_key(room)
    }

    /// The names of the rooms that are kept in memory, from a place on.
    pub(super) fn asleep_from(&self, from: Bound<&str>, take: impl FnMut(&Arc<str>) -> bool) -> Vec<Arc<str>> {
        let mut take = take;
        self.asleep
            .borrow()
            .range::<str, _>((from, Bound::Unbounded))
            .map(|(room, _)| room)
            .take_while(|room| take(room))
            .cloned()
            .collect()
    }

    /// Nothing is kept of a closed room any more.
    pub(super) fn forget(&self, room: &str) {
        self.asleep.borrow_mut().remove(room);
    }

    /// A room has ended, and is kept in memory.
    pub(super) fn sleeps(&self, room: &Arc<str>, known: Option<Known>) {
        self.asleep.borrow_mut().extend(known.map(|known| (Arc::clone(room), known)));
    }
}
