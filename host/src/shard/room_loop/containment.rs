//! The handling of a room whose app or journal fails.

use super::RoomLoop;
use crate::app::{Fault, Launch, StartReason};
use crate::log::{in_short, printable};
use crate::room::{Decision, Effect};
use crate::shard::input::What;
use crate::shard::journal::JournalError;
use crate::types::{ClientId, CloseInfo};

impl<L: Launch> RoomLoop<L> {
    /// A handler has failed: its turn is dropped and the client whose input it was is closed. A fresh instance starts, unless too
    /// many have failed of late.
    ///
    /// One connection costs one restart: neither its further messages nor its leaving bring the room closer to an open circuit.
    pub(super) async fn contain(&mut self, fault: Fault, blamed: Option<ClientId>) {
        self.roll_back();
        self.release.stop();
        self.log_fault(&fault);
        let mut counts = blamed.is_none_or(|id| self.room.blame(id));
        if let Some(id) = blamed {
            self.close(&[id], &CloseInfo::trap()).await;
        }
        loop {
            if counts && !self.may_restart() {
                return self.open_circuit().await;
            }
            match self.launch_instance(StartReason::AfterTrap).await {
                Ok(()) => return,
                Err(fault) => self.log_fault(&fault),
            }
            counts = true;
        }
    }

    /// Holds a failure against a release on probation. Returns whether another instance may start.
    fn may_restart(&mut self) -> bool {
        let now = self.shard.time();
        self.release.count_trap(now);
        self.release.may_restart(now)
    }

    /// Logs a failure once, and counts it.
    fn log_fault(&self, fault: &Fault) {
        if let Some(more) = self.shard.log_limits().faults.allows(self.shard.time()) {
            let (room, message) = (in_short(self.room.name()), printable(&fault.message));
            match &fault.backtrace {
                Some(backtrace) => tracing::error!(room, "{message}{more}\n{backtrace}"),
                None => tracing::error!(room, "{message}{more}"),
            }
        }
        self.counters.count_trap(&fault.message);
    }

    async fn open_circuit(&mut self) {
        let cool_down = self.shard.limits().restart_window;
        if let Some(more) = self.shard.log_limits().open_circuits.allows(self.shard.time()) {
            tracing::error!(
                room = in_short(self.room.name()),
                "the application has failed too often: its clients are closed and new ones refused for {cool_down:?}{more}"
            );
        }
        self.release.open_circuit(self.shard.time());
        self.close(&self.members(), &CloseInfo::keeps_failing()).await;
    }

    /// Notes whether the room has started, for the circuit of all starts.
    pub(super) fn note_start(&mut self) {
        if self.release.app().is_some() {
            if self.shard.circuits().note_start()
                && let Some(more) = self.shard.log_limits().recoveries.allows(self.shard.time())
            {
                tracing::info!("new rooms start again{more}");
            }
        } else if self.shard.circuits().note_failed_start(self.shard.time())
            && let Some(more) = self.shard.log_limits().open_circuits.allows(self.shard.time())
        {
            let cool_down = self.shard.limits().restart_window;
            tracing::error!("rooms of any name fail to start: new ones are refused for {cool_down:?}{more}");
        }
    }

    /// The cool-down has passed: one more try.
    pub(super) async fn retry(&mut self) {
        if let Err(fault) = self.launch_instance(StartReason::AfterTrap).await {
            self.log_fault(&fault);
            self.release.count_trap(self.shard.time());
            self.open_circuit().await;
        }
    }

    /// Handles a failed journal: turns that are not durable must not become visible. The members are closed, held turns are dropped,
    /// and a fresh room starts. The app is not told that the old room's clients leave. It does not count as a trap.
    pub(super) async fn start_over(&mut self, error: &JournalError) {
        if let Some(more) = self.shard.log_limits().faults.allows(self.shard.time()) {
            tracing::error!(
                room = in_short(self.room.name()),
                "the journal has failed, and the room starts anew without the turns that are not durable: {error}{more}"
            );
        }
        for turn in self.outputs.take_all() {
            for effect in turn.effects() {
                match effect {
                    Effect::Decide(id, _) => drop(self.shard.upgrades().decide(*id, Decision::Refuse(503))),
                    Effect::Reply(id, line, info) if info.clean => self.close_line(*id, *line, info.clone()),
                    Effect::Reply(id, line, _) => self.close_line(*id, *line, CloseInfo::failed()),
                    Effect::Send(..) | Effect::Close { .. } => {}
                }
            }
        }
        self.cut_short(&CloseInfo::failed());
        self.room = self.room.emptied();
        self.release.reset();
        if let Err(fault) = self.launch_instance(StartReason::Fresh).await {
            self.contain(fault, None).await;
        }
    }

    /// The handling of inputs while the circuit is open: no instance can take them.
    pub(super) async fn turn_away(&mut self, what: What) {
        match what {
            What::Joined(client, line) => {
                self.occupancy.note_withdrawn();
                self.close_line(client.id, line, CloseInfo::keeps_failing());
            }
            What::Left(id, info) => {
                let line = self.room.line(id);
                self.room.leave(id);
                self.room.forget_leaver();
                self.reply(id, line, info).await;
            }
            What::Upgrade(id, _) => self.answer(id, Decision::Refuse(503)).await,
            What::Withdrawn => self.occupancy.note_withdrawn(),
            What::Message(..) | What::Drained(_) | What::Timer(..) | What::Start(..) => {}
        }
    }
}
