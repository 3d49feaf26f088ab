//! A room's loop: one input after the other goes through the app's handlers.
//!
//! | file | owns |
//! | --- | --- |
//! | `admission` | the room's decision on clients that want to join |
//! | `schedule` | the order in which a room does what waits for it |
//! | `batch` | messages that are handled in one call of the app |
//! | `cluster` | a room that a node of a cluster owns |
//! | `closing` | how a room closes its clients |
//! | `containment` | the handling of a room whose app or journal fails |
//! | `asking` | plain HTTP requests to a room |
//! | `delivery` | the owner's deliveries to a room |
//! | `events` | messages of other rooms |
//! | `opening` | the opening of a room, with what was kept of it |
//! | `retirement` | the end of a room, and what is kept of it |
//! | `timers` | the handlers of timers |
//! | `instance` | the start of an instance |
//! | `joining` | the member for a client that joins |
//! | `takeover` | a room's change of its release |

mod admission;
mod asking;
mod batch;
mod closing;
mod cluster;
mod containment;
mod delivery;
mod events;
mod instance;
mod joining;
mod opening;
mod retirement;
mod schedule;
mod takeover;
mod timers;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Sleep;

use self::containment::Blamed;
use crate::app::{Fault, Launch, Outcome, StartReason};
use crate::room::{JournalError, LineId, Room, Stores, Turn};
use crate::shard::cluster::Owned;
use crate::shard::counters::Counters;
use crate::shard::effects;
use crate::shard::exchanges::Exchanges;
use crate::shard::handlers::{call, call_on_message};
use crate::shard::hibernation::Hibernation;
use crate::shard::input::{Input, What};
use crate::shard::occupancy::Occupancy;
use crate::shard::orders::RoomOrder;
use crate::shard::outputs::Outputs;
use crate::shard::release::Release;
use crate::shard::room_task::RoomTask;
use crate::shard::table::Shard;
use crate::types::{ClientId, CloseCause, CloseInfo, Message};

/// Orders that wait for a room.
pub(super) type RoomOrders<L> = Rc<RefCell<VecDeque<RoomOrder<L>>>>;

/// A room at work.
pub(super) struct RoomLoop<L: Launch> {
    shard: Rc<Shard>,
    counters: Arc<Counters>,
    task: Rc<RoomTask>,
    orders: RoomOrders<L>,
    room: Room,
    stores: Stores,
    /// Whether the room has its store. Without it no instance starts.
    has_store: bool,
    /// Whether the journal has something of the room.
    is_journaled: bool,
    release: Release<L>,
    outputs: Outputs,
    /// The requests to HTTP servers that run.
    exchanges: Exchanges,
    occupancy: Occupancy,
    hibernation: Rc<Hibernation>,
    /// Whether the journal has failed, and no turn has become durable since.
    has_lost_turns: bool,
    /// Why the room's first instance starts, until one has started.
    first_start: Option<StartReason>,
    /// Wakes the loop when the room's next time has come.
    alarm: Option<Pin<Box<Sleep>>>,
    /// The timers that were due one after the other.
    in_a_row: u8,
    /// In a cluster: the owner's rules of this room.
    owned: Option<Rc<Owned>>,
    /// In a cluster: why the first instance starts, if the room has moved with its members.
    moved: Option<StartReason>,
}

/// The next step of the loop.
enum Work<L> {
    Input(Input),
    Order(RoomOrder<L>),
    Journal(Result<u64, JournalError>),
    Retry,
    Retire,
    /// Turns have become visible whose other effects are to be done.
    Visible,
}

impl<L: Launch> RoomLoop<L> {
    /// The loop of a new room. Its inputs and orders gather in `task` and `orders` until it runs.
    pub(super) fn new(
        shard: Rc<Shard>,
        counters: Arc<Counters>,
        (task, orders): (Rc<RoomTask>, RoomOrders<L>),
        room: Room,
        release: Release<L>,
        (stores, linger, hibernation): (Stores, Option<Duration>, Rc<Hibernation>),
    ) -> Self {
        let (outputs, exchanges) = (Outputs::default(), Exchanges::new(Rc::clone(&task)));
        let occupancy = Occupancy::new(linger, shard.limits().handshake_timeout);
        let (has_store, is_journaled, first_start) = (false, false, Some(StartReason::Fresh));
        Self {
            shard,
            counters,
            task,
            orders,
            room,
            stores,
            has_store,
            is_journaled,
            release,
            outputs,
            exchanges,
            occupancy,
            hibernation,
            has_lost_turns: false,
            first_start,
            alarm: None,
            in_a_row: 0,
            owned: None,
            moved: None,
        }
    }

    /// Starts the first instance, says how that went, and handles inputs until the room retires.
    ///
    /// The future of each step is in a box, and so is what few steps need in one that many do. A room that waits keeps no memory for its
    /// handlers, and rooms that run one after the other have the same memory for theirs, which is then in the processor's caches. The loop
    /// itself is in a box, because the future would have room for it twice: as it is given, and as it is used.
    pub(super) async fn run(mut self: Box<Self>, started: oneshot::Sender<Result<(), Fault>>) {
        self.task.set_busy(true);
        match Box::pin(self.launch_instance(StartReason::Fresh)).await {
            Ok(()) => drop(started.send(Ok(()))),
            // A starting server waits for this result. If it is an error, the room never runs.
            Err(fault) if !started.is_closed() => {
                Box::pin(self.end()).await;
                return drop(started.send(Err(fault)));
            }
            Err(fault) => Box::pin(self.contain(fault, Blamed::Nobody)).await,
        }
        self.note_start();
        self.end_step();
        loop {
            self.task.set_asking(self.room.has_fetches());
            self.task.set_busy(!self.outputs.are_visible());
            let work = self.next().await;
            self.task.set_busy(true);
            match work {
                Work::Input(input) => self.take_in(input).await,
                Work::Order(RoomOrder::End(done)) => {
                    Box::pin(self.end()).await;
                    let _ = done.send(());
                    break;
                }
                Work::Order(order) => Box::pin(self.follow(order)).await,
                Work::Journal(report) => Box::pin(self.hear(report)).await,
                Work::Retry => Box::pin(self.retry()).await,
                Work::Retire if Box::pin(self.retire()).await => break,
                Work::Retire => {}
                Work::Visible => self.show_visible(),
            }
            self.end_step();
        }
        self.task.set_busy(false);
        self.shard.circuits().keep(self.room.name(), self.release.into_circuit(), self.shard.time());
    }

    /// Handles an input, and the messages that wait behind it.
    async fn take_in(&mut self, input: Input) {
        match self.gather(input) {
            Ok(()) => Box::pin(self.handle_batch()).await,
            Err(Input { what: What::Message(from, message), .. }) => Box::pin(self.handle_message(from, message)).await,
            Err(input) => Box::pin(self.handle(input.what)).await,
        }
    }

    async fn handle_message(&mut self, from: ClientId, message: Message) {
        if let Some(app) = self.release.app()
            && self.room.hears(from)
        {
            let outcome = call_on_message(self.shard.resources(), app, &mut self.room, from, message).await;
            self.settle(outcome, Blamed::Client(from)).await;
        }
    }

    async fn handle(&mut self, what: What) {
        if self.release.app().is_none() {
            return self.turn_away(what).await;
        }
        match what {
            What::Message(from, message) => self.handle_message(from, message).await,
            What::Drained(id) if !self.room.reaches(id) => {}
            What::Drained(id) => self.tell(what, Blamed::Client(id)).await,
            What::Joined(mut joined) => {
                self.occupancy.note_joined();
                let (id, line) = (joined.client.id, joined.line);
                // Several were let in before the first of them had joined or failed.
                if self.is_full() {
                    return self.close_line(id, line, CloseInfo::room_full());
                }
                if self.holds_off(joined.client.address) {
                    return self.close_line(id, line, CloseInfo::fails_on_address());
                }
                if joined.is_unasked && !self.room.is_admitting() {
                    return self.close_line(id, line, CloseInfo::not_admitted());
                }
                self.join(&mut joined);
                self.room.trace_client(id, joined.trace.take());
                self.tell(What::Joined(joined), Blamed::Client(id)).await;
            }
            What::Left(id, info) => {
                let line = self.room.line(id);
                if self.room.leave(id) {
                    self.tell(What::Left(id, info.clone()), Blamed::Client(id)).await;
                    self.room.forget_leaver();
                    self.reply(id, line, info).await;
                }
            }
            What::Upgrade(id, request, trace) => self.decide(id, request, trace).await,
            What::LineLost(id) | What::LineBack(id) if self.room.reaches(id) => {
                self.room.note_moved(id);
                if let (What::LineLost(_), Some(attachment), None) = (&what, self.room.attachment(id), &self.owned) {
                    self.shard.resources().sessions.note_attachment(id, attachment.len());
                }
                self.tell(what, Blamed::Client(id)).await;
            }
            What::LineLost(_) | What::LineBack(_) => {}
            What::Withdrawn => self.occupancy.note_withdrawn(),
            What::Timer(id, payload) => self.run_timer(id, payload).await,
            What::Event(event) => self.run_event(event).await,
            What::Request(id, request, trace) => self.ask(id, request, trace).await,
            What::RequestDrained(id) if self.room.has_request(id) => self.tell(what, Blamed::Nobody).await,
            What::RequestGone(id) if self.room.end_request(id).is_some() => self.tell(what, Blamed::Nobody).await,
            What::RequestDrained(_) | What::RequestGone(_) => {}
            What::Answer(..) | What::Start(..) => self.tell(what, Blamed::Nobody).await,
        }
    }

    /// Follows an order. Its sender may be gone by now, if the server shuts down.
    async fn follow(&mut self, order: RoomOrder<L>) {
        match order {
            RoomOrder::Swap(change, answer) => drop(answer.send(self.swap(change).await)),
            RoomOrder::Revert(probation, done) => {
                self.revert(&probation).await;
                let _ = done.send(());
            }
            RoomOrder::Settle => self.release.settle(),
            // `run` follows it: no order comes after it.
            RoomOrder::End(_) => {}
            RoomOrder::Deliver(to, what, tally) => self.deliver(to, what, tally).await,
            // Of a client that is no member, the room knows nothing.
            RoomOrder::Topics(client, _) if self.room.client(client).is_none() => {}
            RoomOrder::Topics(client, answer) => {
                let topics = self.room.topics_of(client).into_iter().map(str::to_owned).collect();
                let _ = answer.send(topics);
            }
        }
    }

    /// Tells the app something. A failure costs its instance, and the connection of the client whose input it was.
    async fn tell(&mut self, what: What, blamed: Blamed) {
        let Some(app) = self.release.app() else { return };
        let outcome = call(self.shard.resources(), app, &mut self.room, what).await;
        self.settle(outcome, blamed).await;
    }

    /// Ends the line of a client that has left by itself, behind everything that was sent to the client before: with the reply to
    /// its close frame if it has sent one.
    pub(super) async fn reply(&mut self, id: ClientId, line: Option<LineId>, info: CloseInfo) {
        if let Some(line) = line.filter(|_| matches!(info.cause, CloseCause::Client | CloseCause::Lost)) {
            self.room.reply(id, line, info);
            self.commit().await;
        }
    }

    /// Commits the turn of a handler that has returned, or contains its failure.
    async fn settle(&mut self, outcome: Outcome, blamed: Blamed) {
        match outcome {
            Ok(()) => self.commit().await,
            Err(fault) => Box::pin(self.contain(fault, blamed)).await,
        }
    }

    /// Commits the room's turn.
    pub(super) async fn commit(&mut self) {
        let turn = self.room.commit();
        self.publish(turn).await;
    }

    /// Has the outputs of a turn that is committed become visible, or wait for the journal.
    async fn publish(&mut self, turn: Box<Turn>) {
        if turn.admits() {
            self.occupancy.note_admitted();
        }
        if turn.serves() {
            self.occupancy.note_served();
        }
        self.is_journaled |= turn.commit() > 0;
        if let Some(owned) = &self.owned {
            let done = owned.stage(&mut self.room, turn);
            return done.into_iter().for_each(|turn| self.room.reuse(turn));
        }
        if turn.writes_to_memory() && self.stores.end_with_the_process() && self.counters.note_write_to_memory() {
            tracing::warn!(
                "the application stores data in memory, which ends with this process. To keep it, set `data` to a folder"
            );
        }
        if let Some(turn) = self.outputs.commit(self.room.journal(), turn, || self.room.span_of_commit()) {
            self.show(turn).await;
        }
    }

    async fn show(&mut self, turn: Box<Turn>) {
        effects::apply(&self.shard, &self.room, &self.exchanges, &turn).await;
        self.room.reuse(turn);
    }

    /// Drops the room's turn.
    pub(super) fn roll_back(&mut self) {
        for id in self.room.roll_back() {
            self.task.mailbox.push(Input { at: self.shard.time(), what: What::Drained(id) });
        }
    }

    /// Hears from the journal.
    pub(super) async fn hear(&mut self, report: Result<u64, JournalError>) {
        match report {
            Ok(commit) => {
                self.has_lost_turns = false;
                self.room.note_durable(commit);
                self.outputs.note_durable(commit);
                while let Some(turn) = self.outputs.pop_released() {
                    self.show(turn).await;
                }
            }
            Err(error) => self.start_over(&error).await,
        }
    }
}
