//! The rooms that exist, as other rooms may know it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a room exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is open.
    Open,
    /// It is closed, and parts of it are kept in memory.
    Asleep,
    /// A message is on its way to it.
    Expected,
}

/// The rooms that exist. Its lock is taken when a room opens or ends, and for each message to a room.
#[derive(Debug, Default)]
pub(super) struct Directory(Mutex<Rooms>);

#[derive(Debug, Default)]
struct Rooms {
    by_name: HashMap<Arc<str>, Knowledge>,
    /// The number of rooms that are open or are to open for a message.
    taken: usize,
}

/// In how many ways a room is known.
#[derive(Debug, Default)]
struct Knowledge {
    /// One or none.
    open: usize,
    asleep: usize,
    expected: usize,
}

impl Knowledge {
    fn of(&mut self, presence: Presence) -> &mut usize {
        match presence {
            Presence::Open => &mut self.open,
            Presence::Asleep => &mut self.asleep,
            Presence::Expected => &mut self.expected,
        }
    }

    fn presence(&self) -> Option<Presence> {
        match self {
            Self { open: 1.., .. } => Some(Presence::Open),
            Self { expected: 1.., .. } => Some(Presence::Expected),
            Self { asleep: 1.., .. } => Some(Presence::Asleep),
            _ => None,
        }
    }

    fn is_taken(&self) -> bool {
        self.open + self.expected > 0
    }
}

/// Keeps a room in the directory until it is dropped.
#[derive(Debug)]
pub struct Known {
    directory: Arc<Directory>,
    room: Arc<str>,
    presence: Presence,
}

impl Directory {
    /// Adds a room.
    pub(super) fn add(self: &Arc<Self>, room: &Arc<str>, presence: Presence) -> Known {
        let mut rooms = self.rooms();
        let known = rooms.by_name.entry(Arc::clone(room)).or_default();
        let was_taken = known.is_taken();
        *known.of(presence) += 1;
        let is_new = !was_taken && known.is_taken();
        rooms.taken += usize::from(is_new);
        Known { directory: Arc::clone(self), room: Arc::clone(room), presence }
    }

    /// Whether a room exists, and how.
    pub(super) fn presence(&self, room: &str) -> Option<Presence> {
        self.rooms().by_name.get(room)?.presence()
    }

    /// How many rooms are open or are to open for a message.
    pub(super) fn taken(&self) -> usize {
        self.rooms().taken
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        let mut rooms = self.directory.rooms();
        let Some(known) = rooms.by_name.get_mut(&self.room) else { return };
        let was_taken = known.is_taken();
        *known.of(self.presence) -= 1;
        let (is_free, is_gone) = (was_taken && !known.is_taken(), known.presence().is_none());
        rooms.taken -= usize::from(is_free);
        if is_gone {
            rooms.by_name.remove(&self.room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_exists_while_something_knows_it() {
        let (directory, room) = (Arc::new(Directory::default()), Arc::from("/a"));
        assert_eq!(directory.presence("/a"), None);
        let expected = directory.add(&room, Presence::Expected);
        assert_eq!((directory.presence("/a"), directory.taken()), (Some(Presence::Expected), 1));
        let open = directory.add(&room, Presence::Open);
        drop(expected);
        assert_eq!((directory.presence("/a"), directory.taken()), (Some(Presence::Open), 1));
        let asleep = directory.add(&room, Presence::Asleep);
        drop(open);
        assert_eq!((directory.presence("/a"), directory.taken()), (Some(Presence::Asleep), 0));
        drop(asleep);
        assert_eq!(directory.presence("/a"), None);
    }
}
