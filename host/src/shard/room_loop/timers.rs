//! The handlers of timers.

use bytes::Bytes;

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::Launch;
use crate::log::in_short;
use crate::shard::handlers::call;
use crate::shard::input::What;

impl<L: Launch> RoomLoop<L> {
    /// Runs the handler of a timer. The handler's turn takes a durable timer off. One whose handler has failed three times in a row is
    /// dropped.
    pub(super) async fn run_timer(&mut self, id: u64, payload: Bytes) {
        let is_durable = self.room.begin_timer(id);
        let Some(app) = self.release.app() else { return };
        let outcome = call(self.shard.resources(), app, &mut self.room, What::Timer(id, payload)).await;
        let has_failed = outcome.is_err();
        self.settle(outcome, Blamed::Nobody).await;
        if !is_durable {
            return;
        }
        let name = self.room.name().into();
        if !has_failed {
            self.hibernation.faults().borrow_mut().forget(&name, id);
        } else if self.hibernation.faults().borrow_mut().count(name, id) {
            self.room.cancel_timer(id);
            self.commit().await;
            if let Some(more) = self.shard.log_limits().faults.allows(self.shard.time()) {
                let room = in_short(self.room.name());
                tracing::error!(room, timer = id, "a durable timer is dropped: its handler has failed three times{more}");
            }
        }
    }
}
