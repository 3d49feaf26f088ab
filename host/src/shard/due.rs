//! The opening of rooms whose durable timers are due.

use std::rc::Rc;

use super::command::Alarm;
use super::rooms::Rooms;
use crate::app::Launch;

impl<L: Launch> Rooms<L> {
    /// Notes when closed rooms are to be opened for a durable timer.
    pub(super) fn set_alarms(&self, alarms: Vec<Alarm>) {
        for (room, due_us) in alarms {
            if self.get(&room).is_none() {
                self.hibernation().set_alarm(room, due_us);
            }
        }
    }

    /// Opens rooms when their durable timers are due.
    pub(super) async fn open_due(self: Rc<Self>) {
        loop {
            let room = self.hibernation().next_due().await;
            if self.is_ending() {
                return;
            }
            if let Some(part) = self.part() {
                // The opening of the room ends the alarm.
                part.wake(&room);
                self.hibernation().postpone(room);
                continue;
            }
            if self.get_or_open(&room).is_none() {
                self.hibernation().postpone(room);
            }
        }
    }
}
