//! The end of an empty room, and what is kept of it.

use super::containment::Blamed;
use super::{RoomLoop, Work};
use crate::app::{Launch, StartReason};
use crate::log::in_short;
use crate::room::Dormant;
use crate::shard::hibernation::wall_us;
use crate::shard::room_circuit::{Cause, Verdict};
use crate::store::{Snapshot, Write};

/// The state that a room leaves behind.
struct Legacy {
    snapshots: Vec<Snapshot>,
    is_clean: bool,
}

impl<L: Launch> RoomLoop<L> {
    /// Whether an empty room stays open because of a durable timer that is due within the grace period. To close the room and open it again
    /// would cost more.
    pub(super) fn awaits_timer(&mut self) -> bool {
        let Some(due_us) = self.room.timers_mut().next_durable_due() else { return false };
        let Some(linger) = self.occupancy.linger() else { return false };
        let linger = u64::try_from(linger.as_micros()).unwrap_or(u64::MAX);
        self.release.circuit_open_until().is_none() && due_us <= wall_us().saturating_add(linger)
    }

    /// Ends an empty room, unless somebody comes while its instance is asked for its state. Returns whether the room has ended.
    pub(super) async fn retire(&mut self) -> bool {
        if !self.hibernation.keeps_rooms() {
            return true;
        }
        let Some(legacy) = self.legacy().await.filter(|_| !self.is_wanted()) else { return false };
        self.keep(legacy).await;
        true
    }

    /// Whether somebody wants something of the room.
    fn is_wanted(&self) -> bool {
        !self.task.mailbox.is_empty() || !self.orders.borrow().is_empty()
    }

    /// Ends the room, since the server shuts down. Nobody is in it any more.
    pub(super) async fn end(&mut self) {
        if let Some(legacy) = self.legacy().await {
            self.keep(legacy).await;
        }
    }

    /// Ends a room that never started, and waits until its journal has that: the process ends next.
    pub(super) async fn give_back(&mut self) {
        self.end().await;
        while !self.outputs.are_visible() {
            match self.next().await {
                Work::Journal(Ok(commit)) => self.hear(Ok(commit)).await,
                // The journal still has its previous state.
                Work::Journal(Err(_)) => return,
                _ => {}
            }
        }
    }

    /// Asks the instance for its state. A failure costs the instance, as that of a handler does, and the previous state stays. If somebody
    /// wants something of the room by then, another instance has started, and the room goes on.
    async fn legacy(&mut self) -> Option<Legacy> {
        if let Some(reason) = self.first_start {
            // No instance has taken the state: it stays for a release that does.
            return Some(Legacy { snapshots: self.release.found(), is_clean: reason != StartReason::Recovered });
        }
        if self.release.app().is_none() {
            return Some(self.unsaved());
        }
        match self.ask_for_state().await {
            Ok(Ok(saved)) => Some(Legacy { snapshots: self.release.states(saved, wall_us()), is_clean: true }),
            Ok(Err(too_large)) => {
                if let Some(more) = self.shard.log_limits().faults.allows(self.shard.time()) {
                    tracing::error!(room = in_short(self.room.name()), "the room closes without its state: {too_large}{more}");
                }
                Some(self.unsaved())
            }
            Err(fault) if self.is_wanted() => {
                self.contain(fault, Blamed::Nobody).await;
                None
            }
            Err(fault) => {
                self.release.stop();
                self.log_fault(&fault);
                if self.judge(Cause::App) == Verdict::Open {
                    self.release.open_circuit(self.shard.time());
                }
                Some(self.unsaved())
            }
        }
    }

    /// The states without one of now: the instance has given none.
    fn unsaved(&self) -> Legacy {
        Legacy { snapshots: self.release.states(self.release.saved(), wall_us()), is_clean: false }
    }

    /// Keeps the room, if there is anything to keep.
    async fn keep(&mut self, Legacy { snapshots, is_clean }: Legacy) {
        if !self.has_store {
            // The journal could not be read, and has all that there was. Timers are looked for again.
            return self.hibernation.postpone(self.room.name().into());
        }
        if self.room.journal().is_some() {
            if let Some(due_us) = self.room.timers_mut().next_durable_due() {
                self.hibernation.set_alarm(self.room.name().into(), due_us);
            }
            return self.write_down(snapshots, is_clean).await;
        }
        let timers = self.room.timers_mut().durable();
        if !snapshots.is_empty() || !timers.is_empty() {
            self.hibernation.keep(self.room.name().into(), Dormant { snapshots, timers, is_clean });
        }
    }

    /// Gives the journal the states, and the mark of a room that has ended in good order. Nobody waits until they are durable: the next opening
    /// of the room comes behind them.
    async fn write_down(&mut self, snapshots: Vec<Snapshot>, is_clean: bool) {
        let found = self.release.found();
        if is_clean {
            // The newest one last: it is to come first.
            for snapshot in snapshots.iter().rev().filter(|snapshot| !found.iter().any(|found| is_same(found, snapshot))) {
                self.room.keep(Write::Save(snapshot.clone()));
            }
            let is_over = |found: &Snapshot| snapshots.iter().all(|snapshot| snapshot.sha256 != found.sha256);
            if found.iter().any(is_over) {
                self.room.keep(Write::DropSnapshots { except: snapshots.first().map(|snapshot| snapshot.sha256.clone()) });
            }
        }
        if is_clean && (self.is_journaled || !snapshots.is_empty()) {
            self.room.keep(Write::Close { at_us: wall_us() });
        }
        self.commit().await;
    }
}

/// Whether two states are the same, whenever they were saved.
fn is_same(one: &Snapshot, other: &Snapshot) -> bool {
    (&one.sha256, &one.version, &one.data) == (&other.sha256, &other.version, &other.data)
}
