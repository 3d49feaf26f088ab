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
    /// How many parts of the server know each room, and as how many of them it is open: one or none.
    by_name: HashMap<Arc<str>, (usize, usize)>,
    open: usize,
}

/// Keeps a room in the directory until it is dropped.
#[derive(Debug)]
pub struct Known {
    directory: Arc<Directory>,
    room: Arc<str>,
    is_open: usize,
}

impl Directory {
    /// Adds a room.
    pub(super) fn add(self: &Arc<Self>, room: &Arc<str>, presence: Presence) -> Known {
        let is_open = usize::from(presence == Presence::Open);
        let mut rooms = self.rooms();
        let (known, open) = rooms.by_name.entry(Arc::clone(room)).or_default();
        (*known, *open) = (*known + 1, *open + is_open);
        rooms.open += is_open;
        Known { directory: Arc::clone(self), room: Arc::clone(room), is_open }
    }

    /// Whether a room exists, and how.
    pub(super) fn presence(&self, room: &str) -> Option<Presence> {
        let rooms = self.rooms();
        let (_, open) = rooms.by_name.get(room)?;
        Some(if *open > 0 { Presence::Open } else { Presence::Asleep })
    }

    /// How many rooms are open.
    pub(super) fn open_rooms(&self) -> usize {
        self.rooms().open
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        let mut rooms = self.directory.rooms();
        rooms.open -= self.is_open;
        if let Some((known, open)) = rooms.by_name.get_mut(&self.room) {
            (*known, *open) = (*known - 1, *open - self.is_open);
            if *known == 0 {
                rooms.by_name.remove(&self.room);
            }
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
        assert_eq!((directory.presence("/a"), directory.open_rooms()), (Some(Presence::Asleep), 0));
        let open = directory.add(&room, Presence::Open);
        drop(expected);
        assert_eq!((directory.presence("/a"), directory.open_rooms()), (Some(Presence::Open), 1));
        let asleep = directory.add(&room, Presence::Asleep);
        drop(open);
        assert_eq!((directory.presence("/a"), directory.open_rooms()), (Some(Presence::Asleep), 0));
        drop(asleep);
        assert_eq!(directory.presence("/a"), None);
    }
}
