//! How a room changes its release between two events.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::orders::{Probation, RoomOrder, RoomSwap};
use super::room_loop::{RoomLoop, guarded};
use crate::app::{App, Launch, Saved, StartReason};

/// What a room keeps to go back to the release before, until the probation has passed.
pub(super) struct Before<L> {
    launch: L,
    saved: Option<Saved>,
    probation: Arc<Probation>,
    /// The way back from the swap before, whose probation may still run if this one is called off. No further ones
    /// are kept.
    earlier: Option<Box<Before<L>>>,
}

impl<L> Before<L> {
    /// The way back for a room that opens with a release on probation: it has no state from before.
    pub(super) fn fresh(launch: L, probation: Arc<Probation>) -> Self {
        Self { launch, saved: None, probation, earlier: None }
    }
}

impl<L: Launch> RoomLoop<L> {
    pub(super) async fn follow(&mut self, order: RoomOrder<L>) {
        // Who gave the order may be gone: the server shuts down.
        match order {
            RoomOrder::Swap(next, probation, answer) => drop(answer.send(self.swap(next, probation).await)),
            RoomOrder::Revert(probation, done) => {
                self.revert(&probation).await;
                let _ = done.send(());
            }
            RoomOrder::Settle => self.before = None,
        }
    }

    /// Has a new release take over. On an error the room runs on as it did.
    async fn swap(&mut self, next: L, probation: Arc<Probation>) -> Result<RoomSwap, String> {
        let begun = Instant::now();
        let mut app = guarded(pin!(next.launch(self.room.name()))).await.map_err(|fault| fault.message)?;
        let saved = self.snapshot().await?;
        self.begin(&mut app, StartReason::Swap, saved.clone()).await.map_err(|fault| fault.message)?;
        let before = std::mem::replace(&mut self.launch, next);
        let earlier = self.before.take().map(|earlier| Box::new(Before { earlier: None, ..earlier }));
        self.before = Some(Before { launch: before, saved: saved.clone(), probation, earlier });
        self.take_over(app, saved);
        Ok(self.told(begun))
    }

    /// Goes back to the release before the swap of this probation, with the state that it had then. A room that did
    /// not take part in that swap stays as it is.
    async fn revert(&mut self, probation: &Arc<Probation>) {
        let Some(before) = self.before.take_if(|before| Arc::ptr_eq(&before.probation, probation)) else { return };
        self.before = before.earlier.map(|earlier| *earlier);
        self.app = None;
        self.launch = before.launch;
        self.saved = before.saved;
        match self.launch_instance(StartReason::Swap).await {
            Ok(()) => self.close_circuit_now(),
            Err(fault) => self.contain(fault, None).await,
        }
    }

    /// What the running instance hands on. A guest without state of its own hands on nothing.
    async fn snapshot(&mut self) -> Result<Option<Saved>, String> {
        let Some(app) = &mut self.app else { return Ok(self.saved.clone()) };
        let saved = guarded(pin!(app.snapshot(&mut self.room))).await;
        self.roll_back();
        match saved {
            // The name of the format takes memory too.
            Ok(Some(saved)) if saved.version.len() + saved.data.len() > self.shard.limits.max_snapshot_bytes => Err(format!(
                "the snapshot of the room {:?} has {} bytes, more than the {} that it may have",
                self.room.name(),
                saved.version.len() + saved.data.len(),
                self.shard.limits.max_snapshot_bytes
            )),
            Ok(saved) => Ok(saved),
            Err(fault) => {
                let reason = format!("the running release cannot hand over its state: {fault}");
                self.contain(fault, None).await;
                Err(reason)
            }
        }
    }

    fn take_over(&mut self, app: L::App, saved: Option<Saved>) {
        self.app = Some(app);
        self.saved = saved;
        self.close_circuit_now();
    }

    /// Counts a trap against a release on probation.
    pub(super) fn count_against_probation(&self) {
        if let Some(before) = &self.before {
            before.probation.count_trap(Instant::now());
        }
    }

    fn told(&self, begun: Instant) -> RoomSwap {
        RoomSwap {
            room: self.room.name().to_owned(),
            clients: self.room.count(),
            pause_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            state_bytes: self.saved.as_ref().map_or(0, |saved| saved.data.len()),
        }
    }
}
