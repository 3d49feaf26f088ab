//! The handling of a room whose app or journal fails.

use std::net::IpAddr;
use std::time::Duration;

use super::RoomLoop;
use crate::app::{Fault, Launch, StartReason};
use crate::fetch::{Answer, Failure};
use crate::log::{in_short, printable};
use crate::refusal::Reason;
use crate::requests::HostAnswer;
use crate::room::{Decision, Effect, JournalError};
use crate::shard::input::{Input, What};
use crate::shard::room_circuit::{Cause, Verdict};
use crate::shard::traps::Trap;
use crate::types::{ClientId, CloseInfo, network};

/// The pause before a room starts over whose journal has failed twice, with no durable turn in between.
const LOST_PAUSE: Duration = Duration::from_secs(1);

/// The client to blame for a failure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Blamed {
    /// No client: a start, a timer, a snapshot.
    Nobody,
    /// The client whose input it was.
    Client(ClientId),
    /// The address of an upgrade request.
    Address(IpAddr),
    /// Another room, whose message it was.
    Room,
}

impl<L: Launch> RoomLoop<L> {
    /// A handler has failed: its turn is dropped and the client whose input it was is closed. A fresh instance starts, unless too
    /// many have failed of late.
    ///
    /// One connection costs one restart: neither its further messages nor its leaving bring the room closer to an open circuit.
    pub(super) async fn contain(&mut self, fault: Fault, blamed: Blamed) {
        self.roll_back();
        self.release.stop();
        self.log_fault(&fault);
        let mut cause = self.cause(blamed);
        if let Blamed::Client(id) = blamed {
            self.close(&[id], &CloseInfo::trap()).await;
        }
        loop {
            match cause.map(|cause| self.judge(cause)) {
                Some(Verdict::Open) => return self.open_circuit().await,
                Some(Verdict::HoldOff(address)) => self.hold_off(address).await,
                Some(Verdict::HoldOffRooms) => self.hold_off_rooms(),
                Some(Verdict::Restart) | None => {}
            }
            match self.launch_instance(StartReason::AfterTrap).await {
                Ok(()) => return,
                Err(fault) => self.log_fault(&fault),
            }
            cause = Some(Cause::App);
        }
    }

    /// The cause of a failure. `None` if its connection has been counted before.
    fn cause(&mut self, blamed: Blamed) -> Option<Cause> {
        match blamed {
            Blamed::Nobody => Some(Cause::App),
            Blamed::Room => Some(Cause::Room),
            Blamed::Address(address) => Some(Cause::Client(address)),
            Blamed::Client(id) => {
                let address = self.room.client(id).map(|client| client.address.ip());
                self.room.blame(id).then(|| address.map_or(Cause::App, Cause::Client))
            }
        }
    }

    /// Holds a failure against a release on probation, and returns what else follows from it.
    pub(super) fn judge(&mut self, cause: Cause) -> Verdict {
        let now = self.shard.time();
        self.release.count_trap(now);
        self.release.judge(cause, now)
    }

    /// The app keeps failing on clients of this network. They are closed, and the room refuses others from there for a while.
    async fn hold_off(&mut self, address: IpAddr) {
        let cool_down = self.shard.limits().restart_window;
        if let Some(more) = self.shard.log_limits().open_circuits.allows(self.shard.time()) {
            tracing::error!(
                room = in_short(self.room.name()),
                "the application has failed too often on clients of {address}: they are closed and new ones refused for {cool_down:?}{more}"
            );
        }
        let theirs: Vec<_> =
            self.room.clients().filter(|client| network(client.address.ip()) == address).map(|it| it.id).collect();
        self.close(&theirs, &CloseInfo::fails_on_address()).await;
    }

    /// Logs a failure once, and counts it.
    pub(super) fn log_fault(&self, fault: &Fault) {
        if let Some(more) = self.shard.log_limits().faults.allows(self.shard.time()) {
            let (room, message) = (in_short(self.room.name()), printable(&fault.message));
            let words = if fault.last_words.is_some() { " (the log has its stderr)" } else { "" };
            match &fault.backtrace {
                Some(backtrace) => tracing::error!(room, "{message}{words}{more}\n{backtrace}"),
                None => tracing::error!(room, "{message}{words}{more}"),
            }
        }
        self.counters.count_trap(Trap::new(self.room.name(), &self.release.id(), fault));
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
        let mut received = Vec::new();
        for mut turn in self.outputs.take_all() {
            received.extend(turn.take_received());
            self.room.take_back(&mut turn);
            for effect in turn.effects() {
                match effect {
                    Effect::Decide(id, decision) => {
                        self.shard.resources().counts.note_refused(Reason::Journal);
                        drop(self.shard.upgrades().decide(*id, Decision::refuse(Reason::Journal.status())));
                        if matches!(**decision, Decision::Accept(_)) {
                            self.occupancy.note_withdrawn();
                        }
                    }
                    Effect::Reply(id, line, info) if info.clean => self.close_line(*id, *line, info.clone()),
                    Effect::Reply(id, line, _) => self.close_line(*id, *line, CloseInfo::failed()),
                    Effect::Fetch(id, _) => self.room.drop_fetch(*id),
                    Effect::Send(..) | Effect::Close { .. } | Effect::CancelFetch(_) | Effect::Event(_) => {}
                    // Dropped, it is refused or cut.
                    Effect::Respond(_) => {}
                }
            }
        }
        // Stored messages whose removal is lost with their turns come again, in their order.
        self.task.events.put_back(self.shard.time(), received.into_iter());
        self.cut_short(&CloseInfo::failed());
        self.exchanges.cancel_all();
        self.room = self.room.emptied();
        self.interrupt_fetches();
        self.has_store = false;
        self.release.reset();
        if std::mem::replace(&mut self.has_lost_turns, true) {
            // Writes of the start or of a due timer fail too, and the room would start over all the time.
            tokio::time::sleep(LOST_PAUSE).await;
        }
        if let Err(fault) = self.launch_instance(StartReason::Fresh).await {
            self.contain(fault, Blamed::Nobody).await;
        }
    }

    /// Has the room's new life hear of each request of the old one, once. A part of an answer that still waits is of no use to it.
    fn interrupt_fetches(&self) {
        self.task.mailbox.drop_answers();
        let at = self.shard.time();
        for id in self.room.open_fetches() {
            let answer = Answer::from(Failure::started_over());
            self.task.mailbox.push(Input { at, what: What::Answer(id, Box::new(answer.into())) });
        }
    }

    /// The handling of inputs while the circuit is open: no instance can take them.
    pub(super) async fn turn_away(&mut self, what: What) {
        match what {
            What::Joined(joined) => {
                self.occupancy.note_withdrawn();
                self.close_line(joined.client.id, joined.line, CloseInfo::keeps_failing());
            }
            What::Left(id, info) => {
                let line = self.room.line(id);
                self.room.leave(id);
                self.room.forget_leaver();
                self.reply(id, line, info).await;
            }
            What::Upgrade(id, ..) => self.refuse(id, Reason::Failing).await,
            What::Withdrawn => self.occupancy.note_withdrawn(),
            What::Answer(id, told) => drop(self.room.take_answer(id, told.answer.is_last())),
            What::Event(event) => self.task.events.put_back(self.shard.time(), [event].into_iter()),
            What::Request(id, ..) => {
                if let Some(way) = self.way(id) {
                    self.refuse_request(&way, HostAnswer::Unavailable);
                }
            }
            What::RequestGone(id) => drop(self.room.end_request(id)),
            What::LineLost(_)
            | What::LineBack(_)
            | What::Message(..)
            | What::Drained(_)
            | What::Timer(..)
            | What::Start(..)
            | What::RequestDrained(_) => {}
        }
    }
}
