//! How much of one room waits for its receivers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The messages of one room that may wait for their receivers.
const MAX_EVENTS: usize = 1024;
/// The bytes of these messages.
const MAX_BYTES: usize = 16 << 20;
/// The memory of the messages of all rooms that wait.
const MAX_TOTAL: usize = 256 << 20;
/// The memory of a message beside its content, about: two names and their places in tables.
const EVENT_BYTES: usize = 512;

/// The messages of one room that their receivers have not handled.
#[derive(Debug, Default)]
pub struct Backlog {
    events: AtomicUsize,
    bytes: AtomicUsize,
    /// The memory of the messages of all rooms.
    total: Arc<AtomicUsize>,
}

/// A message's part of a backlog, given back when this is dropped.
#[derive(Debug)]
pub struct Permit {
    backlog: Arc<Backlog>,
    bytes: usize,
}

impl Backlog {
    /// Counts a message of this many bytes. `None` if too much waits already. One message alone always fits.
    pub fn admit(self: &Arc<Self>, bytes: usize) -> Option<Permit> {
        let (events, waiting, total) = (self.events.load(Relaxed), self.bytes.load(Relaxed), self.total.load(Relaxed));
        let has_room = events == 0 || events < MAX_EVENTS && waiting + bytes <= MAX_BYTES;
        (has_room && (total == 0 || total + bytes + EVENT_BYTES <= MAX_TOTAL)).then(|| self.take(bytes))
    }

    /// Counts a message that was admitted by an earlier process.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Permit {
        self.events.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.total.fetch_add(bytes + EVENT_BYTES, Relaxed);
        Permit { backlog: Arc::clone(self), bytes }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.backlog.events.fetch_sub(1, Relaxed);
        self.backlog.bytes.fetch_sub(self.bytes, Relaxed);
        self.backlog.total.fetch_sub(self.bytes + EVENT_BYTES, Relaxed);
    }
}

/// The backlogs of all rooms. One outlives its room while its messages wait.
#[derive(Debug, Default)]
pub(super) struct Backlogs {
    by_room: Mutex<HashMap<Arc<str>, Weak<Backlog>>>,
    total: Arc<AtomicUsize>,
}

impl Backlogs {
    /// The memory of the messages of all rooms.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.total.load(Relaxed)
    }

    /// The backlog of the room of this name.
    pub(super) fn of(&self, room: &str) -> Arc<Backlog> {
        let mut by_room = self.by_room.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(backlog) = by_room.get(room).and_then(Weak::upgrade) {
            return backlog;
        }
        if by_room.len().is_power_of_two() {
            by_room.retain(|_, backlog| backlog.strong_count() > 0);
        }
        let backlog = Arc::new(Backlog { total: Arc::clone(&self.total), ..Backlog::default() });
        by_room.insert(room.into(), Arc::downgrade(&backlog));
        backlog
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_1024_messages_waiting_at_most() {
        let backlog = Arc::new(Backlog::default());
        let mut permits: Vec<_> = (0..1024).map(|_| backlog.admit(1).expect("it fits")).collect();
        assert!(backlog.admit(1).is_none());
        permits.pop();
        assert!(backlog.admit(1).is_some());
    }

    #[test]
    fn a_room_has_16_mib_waiting_at_most_unless_it_is_one_message() {
        let backlog = Arc::new(Backlog::default());
        let large = backlog.admit(17 << 20);
        assert!(large.is_some() && backlog.admit(0).is_none());
        drop(large);
        let permits: Vec<_> = (0..16).map(|_| backlog.admit(1 << 20).expect("it fits")).collect();
        assert!(backlog.admit(1).is_none() && backlog.admit(0).is_some());
        drop(permits);
        assert!(backlog.admit(1 << 20).is_some());
    }

    #[test]
    fn all_rooms_together_have_256_mib_waiting_at_most() {
        let backlogs = Backlogs::default();
        let permits: Vec<_> = (0..15).map(|n| backlogs.of(&format!("/{n}")).admit(17 << 20).expect("it fits")).collect();
        assert!(backlogs.of("/other").admit(1 << 20).is_none() && backlogs.of("/other").admit(0).is_some());
        drop(permits);
        assert!(backlogs.of("/other").admit(1 << 20).is_some());
    }

    #[test]
    fn the_backlog_of_a_room_outlives_it_while_messages_wait() {
        let backlogs = Backlogs::default();
        let permit = backlogs.of("/a").admit(1).expect("it fits");
        assert_eq!(backlogs.of("/a").events.load(Relaxed), 1);
        drop(permit);
        assert_eq!(backlogs.of("/a").events.load(Relaxed), 0);
    }

    #[test]
    fn backlogs_of_rooms_that_have_ended_are_forgotten() {
        let backlogs = Backlogs::default();
        (0..1000).for_each(|n| drop(backlogs.of(&format!("/{n}"))));
        assert!(backlogs.by_room.lock().expect("nothing panics").len() <= 2);
    }
}
