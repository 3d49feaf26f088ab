//! The opening of a room, with the kept parts of its earlier life.

use super::RoomLoop;
use crate::app::{Fault, Launch};
use crate::fetch::{Answer, Failure};
use crate::room::Dormant;
use crate::shard::input::{Input, What};
use crate::store::wall_us;

impl<L: Launch> RoomLoop<L> {
    /// Gives the room its store, and the other parts that were kept of it, unless it has them. Its first instance hears whether there were
    /// any.
    pub(super) async fn open(&mut self) -> Result<(), Fault> {
        if self.has_store {
            return Ok(());
        }
        let opened = self.stores.open(self.room.name()).await;
        let (store, found) = opened.map_err(|error| Fault::new(format!("the room's store cannot be opened: {error}")))?;
        let has_entries = store.usage().keys > 0;
        self.room.set_store(store);
        self.has_store = true;
        if !self.hibernation.keeps_rooms() {
            return Ok(());
        }
        self.room.keep_timers(wall_us);
        self.hibernation.end_alarm(self.room.name());
        self.is_journaled = found.is_some();
        let dormant = found.or_else(|| self.hibernation.take(self.room.name())).unwrap_or_else(Dormant::new);
        if has_entries || !dormant.is_new() {
            self.restore(dormant);
        }
        if self.moved.is_some() {
            self.first_start = self.moved;
        }
        Ok(())
    }

    /// The room was open before, and this is kept of it.
    fn restore(&mut self, dormant: Dormant) {
        let (saved, reason) = self.hibernation.restored(&dormant);
        self.first_start = Some(reason);
        let now = self.shard.time();
        self.room.timers_mut().restore_durable(dormant.timers, now);
        for id in self.room.restore_fetches(dormant.requests, wall_us()) {
            let answer = Answer::from(Failure::interrupted());
            self.task.mailbox.push(Input { at: now, what: What::Answer(id, Box::new(answer.into())) });
        }
        self.release.restore(dormant.snapshots, saved);
    }
}
