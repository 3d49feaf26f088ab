//! The end of an empty room, and what is kept of it.

use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::{Launch, StartReason};
use crate::bus::Presence;
use crate::log::in_short;
use crate::room::{Backing, Dormant, StoreError};
use crate::shard::room_circuit::{Cause, Verdict};
use crate::shard::table::Shard;
use crate::store::{Snapshot, Write, wall_us};

/// How long an empty room stays open before it looks again at a journal that takes no writes.
const JOURNAL_PAUSE: Duration = Duration::from_millis(250);
/// How long a room that ends waits before it looks again at a journal that has much to do: about a sync of the disk.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// The state that a room leaves behind.
pub(super) struct Legacy {
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
        if let Some(owned) = self.owned.clone() {
            self.hand_over(&owned).await;
            return true;
        }
        if !self.hibernation.keeps_rooms() {
            return true;
        }
        if self.is_held_up() {
            self.occupancy.postpone(self.shard.time() + JOURNAL_PAUSE);
            return false;
        }
        let Some(legacy) = self.legacy().await.filter(|_| !self.is_wanted()) else { return false };
        // Other rooms have ended while the instance gave its state. One that has failed gives none again.
        if legacy.is_clean && self.is_held_up() {
            self.occupancy.postpone(self.shard.time() + JOURNAL_PAUSE);
            return false;
        }
        if let Some(kept) = self.keep(legacy) {
            // Until the journal has it, other rooms would not find it there.
            let known = self.shard.bus().note(&self.room.name().into(), Presence::Asleep);
            // Nobody waits for it: the next opening of the room comes behind it.
            tokio::task::spawn_local(async move {
                kept.await;
                drop(known);
            });
        }
        true
    }

    /// Whether the journal could not keep the room's state now.
    fn is_held_up(&self) -> bool {
        self.room.journal().is_some_and(|journal| !journal.takes_writes() || journal.is_busy())
    }

    /// Whether somebody wants something of the room.
    fn is_wanted(&self) -> bool {
        !self.task.mailbox.is_empty() || !self.task.events.is_empty() || !self.orders.borrow().is_empty()
    }

    /// Ends the room, and waits until the journal has its state: the process ends next. Nobody is in the room any more.
    pub(super) async fn end(&mut self) {
        if let Some(owned) = self.owned.clone() {
            return self.hand_over(&owned).await;
        }
        self.until_not_busy().await;
        let Some(legacy) = self.legacy().await else { return };
        // All rooms can have come to this point together, if their instances took time over their states.
        self.until_not_busy().await;
        if let Some(kept) = self.keep(legacy) {
            kept.await;
        }
    }

    /// Waits while the journal has much to do: many rooms end at once, and their states could be more than may wait for it.
    async fn until_not_busy(&self) {
        while self.room.journal().is_some_and(|journal| journal.is_busy()) {
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }

    /// Asks the instance for its state. A failure costs the instance, as that of a handler does, and the previous state stays. If somebody
    /// wants something of the room by then, another instance has started, and the room goes on.
    pub(super) async fn legacy(&mut self) -> Option<Legacy> {
        if let Some(reason) = self.first_start {
            // No instance has taken the state: it stays for a release that does.
            let is_clean = !matches!(reason, StartReason::Recovered | StartReason::Failover);
            return Some(Legacy { snapshots: self.release.found(), is_clean });
        }
        if self.release.app().is_none() {
            return Some(self.unsaved());
        }
        match self.ask_for_state().await {
            Ok(Ok(saved)) => Some(Legacy { snapshots: self.release.states(saved, wall_us()), is_clean: true }),
            Ok(Err(too_large)) => {
                log_loss(&self.shard, self.room.name(), !self.release.found().is_empty(), &too_large);
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
    pub(super) fn unsaved(&self) -> Legacy {
        Legacy { snapshots: self.release.states(self.release.saved(), wall_us()), is_clean: false }
    }

    /// Keeps the room, if there is anything to keep. The future ends when the journal has the state, or when the log has the reason why not.
    fn keep(&mut self, legacy: Legacy) -> Option<impl Future<Output = ()> + use<L>> {
        if !self.has_store {
            // The journal could not be read, and has all that there was. Timers are looked for again.
            self.hibernation.postpone(self.room.name().into());
            return None;
        }
        let Some(journal) = self.room.journal().cloned() else {
            let (Legacy { snapshots, is_clean }, timers) = (legacy, self.room.timers_mut().durable());
            if !snapshots.is_empty() || !timers.is_empty() {
                self.hibernation.keep(self.room.name().into(), Dormant { snapshots, timers, is_clean, ..Dormant::default() });
            }
            return None;
        };
        if let Some(due_us) = self.room.timers_mut().next_durable_due() {
            self.hibernation.set_alarm(self.room.name().into(), due_us);
        }
        self.write_down(legacy, &*journal);
        let mut turn = self.room.commit();
        if turn.commit() == 0 {
            return None;
        }
        let (done, report) = oneshot::channel();
        // An error means that the shard has ended, which was told.
        journal.commit(turn.take_writes(), Box::new(move |result| drop(done.send(result))));
        let (shard, room) = (Rc::clone(&self.shard), Arc::<str>::from(self.room.name()));
        let has_earlier = !self.release.found().is_empty();
        Some(async move {
            if let Ok(Err(error)) = report.await {
                log_loss(&shard, &room, has_earlier, &error);
            }
        })
    }

    /// Stages the states, and the mark of a room that has ended in good order.
    pub(super) fn write_down(&mut self, Legacy { snapshots, is_clean }: Legacy, journal: &dyn Backing) {
        if !is_clean {
            return;
        }
        let found = self.release.found();
        let bytes = |states: &[Snapshot]| states.iter().map(Snapshot::bytes).sum::<usize>();
        let more = bytes(&snapshots).saturating_sub(bytes(&found));
        if more > 0 && !journal.has_room_for(more as u64) {
            return log_loss(&self.shard, self.room.name(), !found.is_empty(), &StoreError::TotalFull);
        }
        // The newest one last: it is to come first.
        for snapshot in snapshots.iter().rev().filter(|snapshot| !found.iter().any(|found| is_same(found, snapshot))) {
            self.room.keep(Write::Save(snapshot.clone()));
        }
        let is_over = |found: &Snapshot| snapshots.iter().all(|snapshot| snapshot.sha256 != found.sha256);
        if found.iter().any(is_over) {
            self.room.keep(Write::DropSnapshots { except: snapshots.first().map(|snapshot| snapshot.sha256.clone()) });
        }
        if self.is_journaled || !snapshots.is_empty() {
            self.room.keep(Write::Close { at_us: wall_us() });
        }
    }
}

fn log_loss(shard: &Shard, room: &str, has_earlier: bool, reason: &dyn Display) {
    if let Some(more) = shard.log_limits().faults.allows(shard.time()) {
        let kept = if has_earlier { "; its earlier state is kept" } else { "" };
        tracing::error!(room = in_short(room), "the room closes without its state{kept}: {reason}{more}");
    }
}

/// Whether two states are the same, whenever they were saved.
fn is_same(one: &Snapshot, other: &Snapshot) -> bool {
    (&one.sha256, &one.version, &one.data) == (&other.sha256, &other.version, &other.data)
}
