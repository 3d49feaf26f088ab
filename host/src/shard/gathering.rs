//! Messages that wait until the driver has read from the other sockets that are ready, so that those of one room are handled together.

use std::cell::RefCell;
use std::rc::Rc;

use super::input::Input;
use super::room_task::RoomTask;

/// The most messages that are handled in one call of an app.
pub const MAX_MESSAGES: usize = 64;
/// The largest message that waits, in bytes. A call weighs little beside a larger one.
pub const MAX_MESSAGE_BYTES: usize = 1024;
/// The most rooms that wait. Their clients' lines are still in the processor's caches when they run.
const MAX_ROOMS: usize = 64;

/// The rooms whose messages wait.
#[derive(Debug, Default)]
pub struct Gathering {
    rooms: RefCell<Vec<Rc<RoomTask>>>,
}

impl Gathering {
    /// Adds a message to those that wait for an idle room.
    pub fn add(&self, room: &Rc<RoomTask>, message: Input) {
        room.mailbox.push(message);
        if room.mailbox.len() >= MAX_MESSAGES || room.mailbox.is_full() {
            return room.wake();
        }
        if !room.gathers.replace(true) {
            self.rooms.borrow_mut().push(Rc::clone(room));
        }
    }

    /// Whether the rooms are to run before anything else is read.
    pub fn is_full(&self) -> bool {
        self.rooms.borrow().len() >= MAX_ROOMS
    }

    /// Takes a room whose messages wait.
    pub fn pop(&self) -> Option<Rc<RoomTask>> {
        let room = self.rooms.borrow_mut().pop()?;
        room.gathers.set(false);
        Some(room)
    }
}
