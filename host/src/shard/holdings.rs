//! The memory that a shard holds for its clients beyond an event.
//!
//! It is counted anew at each sweep. In between, only what is added is counted, and only where it stays: an unfinished message, a
//! blocked outbox, a message that waits for a suspended room. The way of a message that is handled at once costs nothing. A slice of
//! a read buffer of 64 KiB or more counts without the rest of the buffer, which is at most three times as much. `relief` has the verdict
//! when the count passes the shard's share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::clock::Moment;
use super::room_task::RoomTask;

/// Bytes that a line's reader keeps.
#[derive(Debug, Clone, Copy)]
struct Kept {
    bytes: usize,
    /// When the unfinished message among them began.
    begun: Option<Moment>,
}

/// The count of one shard.
#[derive(Debug)]
pub struct Holdings {
    share: usize,
    /// The last whole count, and what was added since.
    counted: Cell<usize>,
    added: Cell<usize>,
    /// The bytes that readers keep, by the slots of their lines.
    kept: RefCell<HashMap<u32, Kept>>,
    rooms: RefCell<Vec<Weak<RoomTask>>>,
}

impl Holdings {
    /// Nothing is held, and at most this much may be.
    pub fn new(share: usize) -> Self {
        Self { share, counted: Cell::new(0), added: Cell::new(0), kept: RefCell::default(), rooms: RefCell::default() }
    }

    /// The most that may be held.
    pub fn share(&self) -> usize {
        self.share
    }

    /// Counts bytes that are added.
    pub fn add(&self, bytes: usize) {
        self.added.set(self.added.get().saturating_add(bytes));
    }

    /// Whether a new count is due: too much may be held. Counting takes time, so it waits for a 16th of the share to be added.
    pub fn may_be_over(&self) -> bool {
        let (counted, added) = (self.counted.get(), self.added.get());
        added > self.share / 16 && counted.saturating_add(added) > self.share
    }

    /// Notes a new count.
    pub fn set(&self, bytes: usize) {
        self.counted.set(bytes);
        self.added.set(0);
    }

    /// Notes how many bytes the reader of this slot keeps. With `message`, some of them belong to an unfinished message, which has just
    /// begun if `anew` is true or nothing was kept of one before.
    pub fn keep(&self, slot: u32, bytes: usize, message: bool, anew: bool, now: Moment) {
        let mut kept = self.kept.borrow_mut();
        if bytes == 0 && !message {
            kept.remove(&slot);
            return;
        }
        let entry = kept.entry(slot).or_insert(Kept { bytes: 0, begun: None });
        let begun = if anew { now } else { entry.begun.unwrap_or(now) };
        self.add(bytes.saturating_sub(entry.bytes));
        *entry = Kept { bytes, begun: message.then_some(begun) };
    }

    /// The bytes that the reader of this slot keeps.
    pub fn kept(&self, slot: u32) -> usize {
        self.kept.borrow().get(&slot).map_or(0, |kept| kept.bytes)
    }

    /// The bytes that all readers keep.
    pub fn kept_by_all(&self) -> usize {
        self.kept.borrow().values().map(|kept| kept.bytes).sum()
    }

    /// The slots whose messages have been unfinished for this long.
    pub fn overdue(&self, now: Moment, limit: Duration) -> Vec<u32> {
        let is_overdue = |kept: &Kept| kept.begun.is_some_and(|begun| now.since(begun) >= limit);
        self.kept.borrow().iter().filter(|(_, kept)| is_overdue(kept)).map(|(slot, _)| *slot).collect()
    }

    /// The host has not read this client: the time of its message begins anew.
    pub fn begin_anew(&self, slot: u32, now: Moment) {
        if let Some(begun) = self.kept.borrow_mut().get_mut(&slot).and_then(|kept| kept.begun.as_mut()) {
            *begun = now;
        }
    }

    /// The shard stood still for this long, and could read nobody.
    pub fn excuse(&self, held_up: Duration) {
        self.kept.borrow_mut().values_mut().filter_map(|kept| kept.begun.as_mut()).for_each(|begun| *begun = *begun + held_up);
    }

    /// A room has opened, whose mailbox counts.
    pub fn add_room(&self, room: &Rc<RoomTask>) {
        self.rooms.borrow_mut().push(Rc::downgrade(room));
    }

    /// The rooms for which messages wait.
    pub fn waiting_rooms(&self) -> Vec<Rc<RoomTask>> {
        let mut waiting = Vec::new();
        self.rooms.borrow_mut().retain(|room| {
            let Some(room) = room.upgrade() else { return false };
            if !room.mailbox.is_empty() {
                waiting.push(room);
            }
            true
        });
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::clock::Clock;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn a_count_is_due_when_too_much_may_be_held_and_enough_was_added() {
        let holdings = Holdings::new(1600);
        holdings.add(1600);
        assert!(!holdings.may_be_over());
        holdings.add(1);
        assert!(holdings.may_be_over());
        holdings.set(1600);
        holdings.add(100);
        assert!(!holdings.may_be_over(), "the last count is young");
        holdings.add(1);
        assert!(holdings.may_be_over());
    }

    #[test]
    fn only_growth_is_added() {
        let (holdings, now) = (Holdings::new(1000), Clock::new().read());
        for bytes in [300, 500, 400, 500] {
            holdings.keep(7, bytes, true, false, now);
        }
        assert_eq!((holdings.added.get(), holdings.kept_by_all(), holdings.kept(7)), (600, 500, 500));
        holdings.keep(7, 0, false, false, now);
        assert_eq!((holdings.kept_by_all(), holdings.kept.borrow().len()), (0, 0));
    }

    #[test]
    fn a_message_is_overdue_by_the_time_since_its_first_byte() {
        let (holdings, start) = (Holdings::new(1000), Clock::new().read());
        let at = |seconds| start + Duration::from_secs(seconds);
        holdings.keep(7, 10, true, false, at(0));
        holdings.keep(7, 20, true, false, at(50));
        holdings.keep(8, 20, false, false, at(0));
        assert_eq!(holdings.overdue(at(59), LIMIT), [0; 0]);
        assert_eq!(holdings.overdue(at(60), LIMIT), [7], "bytes that only wait for their room have no age");
        holdings.excuse(Duration::from_secs(10));
        assert_eq!(holdings.overdue(at(60), LIMIT), [0; 0]);
        holdings.keep(7, 20, true, true, at(65));
        assert_eq!(holdings.overdue(at(124), LIMIT), [0; 0], "it is the next message");
        holdings.begin_anew(7, at(100));
        assert_eq!(holdings.overdue(at(159), LIMIT), [0; 0]);
        assert_eq!(holdings.overdue(at(160), LIMIT), [7]);
    }
}
