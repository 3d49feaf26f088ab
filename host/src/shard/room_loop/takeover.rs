//! How a room changes its release between two inputs.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::{App, Fault, Launch, Saved, StartReason};
use crate::shard::handler::Handler;
use crate::shard::handlers::measured;
use crate::shard::orders::{Change, Handover, Refusal, RoomSwap};
use crate::shard::probation::Probation;

impl<L: Launch> RoomLoop<L> {
    /// Has a new release take over. On an error the release stays. If a failed `snapshot` has cost the old instance, a fresh one of
    /// the same release starts.
    pub(super) async fn swap(&mut self, change: Change<L>) -> Result<RoomSwap, Refusal> {
        let Change { next, handover, probation } = change;
        let refused = |fault: Fault| Refusal::Start(fault.in_full());
        let begun = self.shard.time();
        let mut app =
            measured(self.shard.resources(), Handler::Launch, pin!(next.launch(self.room.name()))).await.map_err(refused)?;
        // A room whose store could not be read so far must not write into an empty one, and hands on the state that the store has.
        self.open().await.map_err(refused)?;
        let saved = match handover {
            Handover::Snapshot => self.snapshot().await.map_err(Refusal::Handover)?,
            Handover::Discard => None,
        };
        self.begin(&mut app, StartReason::Swap, saved.clone()).await.map_err(refused)?;
        let state_bytes = saved.as_ref().map_or(0, |saved| saved.data.len());
        self.release.replace(next, saved, probation);
        // The release that has failed on messages is gone.
        self.task.events.end_pause();
        self.run_instance(app);
        Ok(self.report(begun, state_bytes))
    }

    /// Goes back to the release before the swap of this probation, with the state at that swap. A room that took no part in that swap
    /// stays as it is.
    pub(super) async fn revert(&mut self, probation: &Arc<Probation>) {
        if !self.release.revert(probation) {
            return;
        }
        self.task.events.end_pause();
        if let Err(fault) = self.launch_instance(StartReason::Swap).await {
            self.contain(fault, Blamed::Nobody).await;
        }
    }

    /// The state that the running instance hands on. A guest without state hands on nothing.
    async fn snapshot(&mut self) -> Result<Option<Saved>, String> {
        if self.release.app().is_none() {
            return Ok(self.release.saved());
        }
        match self.ask_for_state().await {
            Ok(saved) => saved,
            Err(fault) => {
                let reason = fault.in_full();
                self.contain(fault, Blamed::Nobody).await;
                let loss = self.loss();
                Err(format!("the room {:?} cannot hand over its state, and {loss}: {reason}", self.room.name()))
            }
        }
    }

    /// Asks the running instance for its state. A fault has cost the instance. A state that is too large is an error, and the instance goes
    /// on.
    pub(super) async fn ask_for_state(&mut self) -> Result<Result<Option<Saved>, String>, Fault> {
        let Some(app) = self.release.app() else { return Ok(Ok(None)) };
        let saved = measured(self.shard.resources(), Handler::Snapshot, pin!(app.snapshot(&mut self.room))).await;
        self.roll_back();
        // The name of the format takes memory too.
        let (bytes, most) = (|saved: &Saved| saved.version.len() + saved.data.len(), self.shard.limits().max_snapshot_bytes);
        Ok(match saved? {
            Some(saved) if bytes(&saved) > most => Err(format!(
                "the snapshot of the room {:?} has {} bytes, more than the {most} that it may have",
                self.room.name(),
                bytes(&saved)
            )),
            saved => Ok(saved),
        })
    }

    /// The loss of a room whose `snapshot` has failed: nobody can enter an instance after a fault.
    fn loss(&mut self) -> &'static str {
        if self.release.app().is_none() {
            return "has failed too often to start again";
        }
        match self.release.saved() {
            None => "has started anew without it",
            Some(_) => "has started anew with the state of the last swap",
        }
    }

    fn report(&self, begun: Instant, state_bytes: usize) -> RoomSwap {
        let pause = self.shard.time().saturating_duration_since(begun);
        RoomSwap {
            room: self.room.name().to_owned(),
            clients: self.room.count(),
            pause_us: u64::try_from(pause.as_micros()).unwrap_or(u64::MAX),
            state_bytes,
        }
    }
}
