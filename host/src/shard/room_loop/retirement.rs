//! The end of a room in which nobody is any more, and what is kept of it.

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::{Launch, StartReason};
use crate::log::in_short;
use crate::room::Snapshot;
use crate::shard::dormant::Dormant;
use crate::shard::hibernation::wall_us;
use crate::shard::room_circuit::{Cause, Verdict};

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
        self.keep(legacy);
        true
    }

    /// Whether somebody wants something of the room.
    fn is_wanted(&self) -> bool {
        !self.task.mailbox.is_empty() || !self.orders.borrow().is_empty()
    }

    /// Asks the instance for its state. A failure costs the instance, as that of a handler does, and the state of before stays. If somebody
    /// wants something of the room by then, another instance has started, and the room goes on.
    async fn legacy(&mut self) -> Option<Legacy> {
        let stays = |snapshots, is_clean| Some(Legacy { snapshots, is_clean });
        if let Some(reason) = self.first_start {
            // No instance has taken the state: it stays for a release that does.
            return stays(self.release.found(), reason != StartReason::Recovered);
        }
        if self.release.app().is_none() {
            return stays(self.release.states(self.release.saved()), false);
        }
        match self.ask_for_state().await {
            Ok(Ok(saved)) => stays(self.release.states(saved), true),
            Ok(Err(too_large)) => {
                if let Some(more) = self.shard.log_limits().faults.allows(self.shard.time()) {
                    tracing::error!(room = in_short(self.room.name()), "the room closes without its state: {too_large}{more}");
                }
                stays(self.release.states(self.release.saved()), false)
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
                stays(self.release.states(self.release.saved()), false)
            }
        }
    }

    /// Keeps the room, if there is anything to keep.
    fn keep(&mut self, Legacy { snapshots, is_clean }: Legacy) {
        let timers = self.room.timers_mut().durable();
        if !snapshots.is_empty() || !timers.is_empty() {
            self.hibernation.keep(self.room.name().into(), Dormant { snapshots, timers, is_clean });
        }
    }
}
