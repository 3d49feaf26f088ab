//! The turns of an owned room that may be seen.

use super::Owned;
use crate::room::Turn;

impl Owned {
    /// Looks which turns may be seen, and wakes those who wait for that.
    pub fn look(&self) {
        let shown = self.owner.borrow().shown();
        let mut held = self.held.borrow_mut();
        while let Some((_, turns)) = held.pop_front_if(|(number, _)| *number <= shown) {
            self.released.borrow_mut().extend(turns);
        }
        drop(held);
        self.letters.borrow_mut().note_shown(shown);
        self.changed.notify_waiters();
    }

    /// The next turn whose effects this node is to do now.
    pub fn released(&self) -> Option<Box<Turn>> {
        self.released.borrow_mut().pop_front()
    }

    /// Whether there is such a turn.
    pub fn has_released(&self) -> bool {
        !self.released.borrow().is_empty()
    }
}
