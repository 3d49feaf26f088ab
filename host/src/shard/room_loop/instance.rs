//! The start of an instance.

use super::RoomLoop;
use crate::app::{Fault, Launch, Saved, StartReason};
use crate::log::in_short;
use crate::shard::handlers::call;
use crate::shard::input::What;

impl<L: Launch> RoomLoop<L> {
    /// Starts an instance of the present release. Its `on_start` has run, and its turn is committed.
    pub(super) async fn launch_instance(&mut self, reason: StartReason) -> Result<(), Fault> {
        self.open().await?;
        let reason = self.first_start.unwrap_or(reason);
        let mut app = self.release.launch(self.shard.resources(), self.room.name()).await?;
        self.begin(&mut app, reason, self.release.saved()).await?;
        self.run_instance(app);
        Ok(())
    }

    /// Has an instance that has started take over.
    pub(super) fn run_instance(&mut self, app: L::App) {
        self.first_start = None;
        if self.release.run(app)
            && let Some(more) = self.shard.log_limits().recoveries.allows(self.shard.time())
        {
            tracing::info!(room = in_short(self.room.name()), "the application runs again{more}");
        }
    }

    /// Begins an instance: its `on_start` runs. If it refuses or fails, its turn is dropped.
    pub(super) async fn begin(&mut self, app: &mut L::App, reason: StartReason, saved: Option<Saved>) -> Result<(), Fault> {
        let begun = call(self.shard.resources(), app, &mut self.room, What::Start(reason, saved.map(Box::new))).await;
        match &begun {
            Ok(()) => self.commit().await,
            Err(_) => self.roll_back(),
        }
        begun
    }
}
