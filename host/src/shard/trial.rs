//! The trial of a release: an instance starts, and is dropped again.

use std::pin::pin;

use super::handler::Handler;
use super::handlers::{call, measured};
use super::input::What;
use super::rooms::Rooms;
use crate::app::{Fault, Launch, StartReason};
use crate::store::wall_us;

impl<L: Launch> Rooms<L> {
    /// Starts an instance of a release and drops it again: whether it can start is known before a room needs it.
    pub(super) async fn try_out(&self, launch: &L) -> Result<(), Fault> {
        let mut room = self.room(self.shard().bus().trial_name());
        room.set_trial();
        if self.hibernation().keeps_rooms() {
            room.keep_timers(wall_us);
        }
        let mut app = measured(self.shard().resources(), Handler::Launch, pin!(launch.launch(room.name()))).await?;
        call(self.shard().resources(), &mut app, &mut room, What::Start(StartReason::Fresh, None)).await
    }
}
