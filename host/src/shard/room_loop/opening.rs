//! The opening of a room, with what was kept of it.

use super::RoomLoop;
use crate::app::Launch;
use crate::shard::dormant::Dormant;
use crate::shard::hibernation::wall_us;

impl<L: Launch> RoomLoop<L> {
    /// Gives the room what was kept of it, if anything was. Its first instance hears of that.
    pub(super) fn open(&mut self) {
        if !self.hibernation.keeps_rooms() {
            return;
        }
        self.room.keep_timers(wall_us);
        if let Some(dormant) = self.hibernation.take(self.room.name()) {
            self.restore(dormant);
        }
    }

    /// The room was open before, and this is what was kept of it.
    fn restore(&mut self, dormant: Dormant) {
        let (saved, reason) = self.hibernation.restored(&dormant);
        self.first_start = Some(reason);
        let now = self.shard.time();
        self.room.timers_mut().restore_durable(dormant.timers, now);
        self.release.restore(dormant.snapshots, saved);
    }
}
