//! What becomes of a room whose app fails: a fresh instance, and after too many failures the open circuit.

use std::pin::pin;
use std::time::Instant;

use super::mailbox::Event;
use super::room_loop::{RoomLoop, guarded};
use crate::app::{Decision, Fault, Launch, StartReason};
use crate::room::Member;
use crate::types::{ClientId, CloseInfo};

const KEEPS_FAILING: &str = "the application keeps failing";

impl<L: Launch> RoomLoop<L> {
    /// A handler has failed: its effects are dropped, the client whose event it was is closed, and a fresh
    /// instance starts, unless too many have failed of late.
    pub(super) async fn contain(&mut self, fault: Fault, blamed: Option<ClientId>) {
        self.roll_back();
        self.app = None;
        self.note_fault(&fault);
        if let Some(id) = blamed {
            self.close(id, CloseInfo::trap());
        }
        while self.breaker.allow(Instant::now()) {
            match self.launch_instance(StartReason::AfterTrap).await {
                Ok(()) => return,
                Err(fault) => self.note_fault(&fault),
            }
        }
        self.open_circuit();
    }

    /// Starts an instance of the present release. Its `on_start` has run, and its effects are applied.
    pub(super) async fn launch_instance(&mut self, reason: StartReason) -> Result<(), Fault> {
        let mut app = guarded(pin!(self.launch.launch(self.room.name()))).await?;
        self.begin(&mut app, reason, self.saved.clone()).await?;
        self.app = Some(app);
        Ok(())
    }

    /// Logs a failure once, counts it, and holds it against a release on probation.
    fn note_fault(&self, fault: &Fault) {
        let room = self.room.name();
        match &fault.backtrace {
            Some(backtrace) => tracing::error!(room, "{fault}\n{backtrace}"),
            None => tracing::error!(room, "{fault}"),
        }
        self.rooms.count_trap();
        self.count_against_probation();
    }

    fn open_circuit(&mut self) {
        let cool_down = self.shard.limits.restart_window;
        tracing::error!(
            room = self.room.name(),
            "the application has failed too often: its clients are closed with 1013 and new ones refused for {cool_down:?}"
        );
        self.closed_until = Some(Instant::now() + cool_down);
        let ids: Vec<_> = self.room.clients().map(|client| client.id).collect();
        for id in ids {
            self.close(id, CloseInfo::overload(KEEPS_FAILING));
        }
    }

    /// The cool-down has passed: one more try.
    pub(super) async fn retry(&mut self) {
        match self.launch_instance(StartReason::AfterTrap).await {
            Ok(()) => self.close_circuit_now(),
            Err(fault) => {
                self.note_fault(&fault);
                self.open_circuit();
            }
        }
    }

    /// An instance runs again.
    pub(super) fn close_circuit_now(&mut self) {
        if self.closed_until.take().is_some() {
            tracing::info!(room = self.room.name(), "the application runs again");
        }
    }

    /// What becomes of events while the circuit is open: nobody is there to handle them.
    pub(super) fn turn_away(&mut self, event: Event) {
        match event {
            Event::Joined(member) => self.close_newcomer(&member, KEEPS_FAILING),
            Event::Left(id, _) => {
                self.room.leave(id);
                self.room.forget_leaver();
            }
            Event::Upgrade(_, answer) => drop(answer.send(Decision::Refuse(503))),
            Event::Message(..) | Event::Drained(_) => {}
        }
    }

    /// Closes a client that was let in and cannot join. The app never hears of it.
    pub(super) fn close_newcomer(&self, member: &Member, why: &'static str) {
        if let Some(line) = self.shard.line_of(member) {
            line.close(&self.shard, CloseInfo::overload(why));
        }
    }

    fn close(&self, id: ClientId, info: CloseInfo) {
        let line = self.room.line(id);
        if let Some(line) = line.and_then(|line| self.shard.line(id, line)) {
            line.close(&self.shard, info);
        }
    }
}
