//! A room's loop: one input after the other goes through the app's handlers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::time::Sleep;

use super::command::Delivery;
use super::counters::Counters;
use super::effects;
use super::handlers::call;
use super::input::{Input, What};
use super::journal::JournalError;
use super::occupancy::Occupancy;
use super::orders::RoomOrder;
use super::outputs::Outputs;
use super::release::Release;
use super::room_task::RoomTask;
use super::table::Shard;
use crate::app::{Fault, Launch, Outcome, Saved, StartReason, UpgradeRequest};
use crate::room::{Decision, LineId, Room, Turn, UpgradeId};
use crate::types::{ClientId, CloseCause, CloseInfo};

/// Orders that wait for a room.
pub(super) type RoomOrders<L> = Rc<RefCell<VecDeque<RoomOrder<L>>>>;

/// A room at work.
pub(super) struct RoomLoop<L: Launch> {
    pub(super) shard: Rc<Shard>,
    pub(super) counters: Arc<Counters>,
    pub(super) task: Rc<RoomTask>,
    pub(super) orders: RoomOrders<L>,
    pub(super) room: Room,
    pub(super) release: Release<L>,
    pub(super) outputs: Outputs,
    pub(super) occupancy: Occupancy,
    /// Wakes the loop for whatever the room waits for.
    pub(super) alarm: Option<Pin<Box<Sleep>>>,
}

/// The next step of the loop.
enum Work<L> {
    Input(Input),
    Order(RoomOrder<L>),
    Journal(Result<u64, JournalError>),
    Retry,
    Retire,
}

impl<L: Launch> RoomLoop<L> {
    /// Starts the first instance, says how that went, and handles inputs until the room retires.
    pub(super) async fn run(mut self, started: oneshot::Sender<Result<(), Fault>>) {
        match self.launch_instance(StartReason::Fresh).await {
            Ok(()) => drop(started.send(Ok(()))),
            // A server that starts waits for the word. It will not serve.
            Err(fault) if !started.is_closed() => return drop(started.send(Err(fault))),
            Err(fault) => self.contain(fault, None).await,
        }
        loop {
            let work = self.next().await;
            self.task.set_busy(true);
            match work {
                Work::Input(input) => self.handle(input.what).await,
                Work::Order(order) => self.follow(order).await,
                Work::Journal(report) => self.hear(report).await,
                Work::Retry => self.retry().await,
                Work::Retire => return,
            }
            self.task.set_busy(!self.outputs.are_visible());
        }
    }

    async fn handle(&mut self, what: What) {
        if self.release.app().is_none() {
            return self.turn_away(what).await;
        }
        match what {
            What::Message(from, _) if !self.room.hears(from) => {}
            What::Message(from, _) | What::Drained(from) => self.tell(what, Some(from)).await,
            What::Joined(client, line) => {
                self.occupancy.note_joined();
                if self.is_full() {
                    // Several were let in before the first of them had joined.
                    return self.close_line(client.id, line, CloseInfo::overload("the room is full"));
                }
                self.room.join(self.member(client.clone(), line));
                let id = client.id;
                self.tell(What::Joined(client, line), Some(id)).await;
            }
            What::Left(id, info) => {
                let line = self.room.line(id);
                if self.room.leave(id) {
                    self.tell(What::Left(id, info.clone()), None).await;
                    self.room.forget_leaver();
                    self.reply(id, line, info).await;
                }
            }
            What::Upgrade(id, request) => self.decide(id, request).await,
            What::Timer(..) | What::Start(..) => self.tell(what, None).await,
        }
    }

    /// Follows an order. Its sender may be gone by now, if the server shuts down.
    async fn follow(&mut self, order: RoomOrder<L>) {
        match order {
            RoomOrder::Swap(next, probation, answer) => drop(answer.send(self.swap(next, probation).await)),
            RoomOrder::Revert(probation, done) => {
                self.revert(&probation).await;
                let _ = done.send(());
            }
            RoomOrder::Settle => self.release.settle(),
            RoomOrder::Deliver(topic, what) => self.deliver(topic.as_deref(), what).await,
        }
    }

    /// Delivers something of the owner's to the members, or to the subscribers of a topic, as a turn of its own.
    async fn deliver(&mut self, topic: Option<&str>, what: Delivery) {
        match (topic, what) {
            // The message is not too big: the owner's handle has checked that.
            (None, Delivery::Message(message)) => drop(self.room.broadcast(message)),
            (Some(topic), Delivery::Message(message)) => drop(self.room.publish(topic, message, &[])),
            (None, Delivery::Close(info)) => self.close_members(&info),
            (Some(topic), Delivery::Close(info)) => {
                let ids: Vec<_> = self.room.subscribers(topic).collect();
                ids.into_iter().for_each(|id| self.close(id, info.clone()));
            }
        }
        self.commit().await;
    }

    /// Tells the app something. A failure costs its instance, and the connection of the client that is to blame.
    async fn tell(&mut self, what: What, blamed: Option<ClientId>) {
        let Some(app) = self.release.app() else { return };
        let outcome = call(app, &mut self.room, what).await;
        self.settle(outcome, blamed).await;
    }

    /// Decides whether a client is let in: by the room's own state, and by the app's gate if it has one.
    async fn decide(&mut self, id: UpgradeId, request: Box<UpgradeRequest>) {
        if !self.room.is_admitting() || self.is_full() {
            return self.answer(id, Decision::Refuse(503)).await;
        }
        let has_gate = self.release.has_gate();
        let Some(app) = self.release.app().filter(|_| has_gate) else {
            return self.answer(id, Decision::Accept(None)).await;
        };
        match call(app, &mut self.room, What::Upgrade(id, request)).await {
            Ok(()) => self.commit().await,
            Err(fault) => {
                self.contain(fault, None).await;
                self.answer(id, Decision::Refuse(500)).await;
            }
        }
    }

    /// Commits an answer to an upgrade request as a turn of its own.
    pub(super) async fn answer(&mut self, id: UpgradeId, decision: Decision) {
        self.room.decide(id, decision);
        self.commit().await;
    }

    /// Replies to the close frame of a client that has left by one, behind everything that was sent to the client before.
    pub(super) async fn reply(&mut self, id: ClientId, line: Option<LineId>, info: CloseInfo) {
        if let Some(line) = line.filter(|_| info.cause == CloseCause::Client) {
            self.room.reply(id, line, info);
            self.commit().await;
        }
    }

    /// Commits the turn of a handler that has returned, or contains its failure.
    async fn settle(&mut self, outcome: Outcome, blamed: Option<ClientId>) {
        match outcome {
            Ok(()) => self.commit().await,
            Err(fault) => self.contain(fault, blamed).await,
        }
    }

    /// Commits the room's turn. Its outputs become visible now, unless they have to wait for the journal.
    pub(super) async fn commit(&mut self) {
        let turn = self.room.commit();
        if turn.admits() {
            self.occupancy.note_admitted();
        }
        if let Some(turn) = self.outputs.commit(self.room.name(), turn) {
            self.show(turn).await;
        }
    }

    async fn show(&mut self, turn: Turn) {
        effects::apply(&self.shard, &self.room, &turn).await;
        self.room.reuse(turn);
    }

    /// Drops the room's turn.
    pub(super) fn roll_back(&mut self) {
        for id in self.room.roll_back() {
            self.task.mailbox.push(Input { at: self.shard.time(), what: What::Drained(id) });
        }
    }

    /// Hears from the journal.
    async fn hear(&mut self, report: Result<u64, JournalError>) {
        match report {
            Ok(commit) => {
                self.outputs.note_durable(commit);
                while let Some(turn) = self.outputs.pop_released() {
                    self.show(turn).await;
                }
            }
            Err(error) => self.start_over(&error).await,
        }
    }

    /// Begins an instance: its `on_start` runs. If it refuses or fails, its turn is dropped.
    pub(super) async fn begin(&mut self, app: &mut L::App, reason: StartReason, saved: Option<Saved>) -> Result<(), Fault> {
        let begun = call(app, &mut self.room, What::Start(reason, saved)).await;
        match &begun {
            Ok(()) => self.commit().await,
            Err(_) => self.roll_back(),
        }
        begun
    }

    /// Whether the room has as many members as it may have.
    fn is_full(&self) -> bool {
        self.shard.limits().max_room_clients.is_some_and(|max| self.room.count() >= max)
    }

    async fn next(&mut self) -> Work<L> {
        poll_fn(|cx| {
            if let Some(report) = self.outputs.next_report() {
                return Poll::Ready(Work::Journal(report));
            }
            if let Some(order) = self.orders.borrow_mut().pop_front() {
                return Poll::Ready(Work::Order(order));
            }
            if self.outputs.are_full() {
                return Poll::Pending;
            }
            if let Some(at) = self.task.mailbox.next_at() {
                // Due timers run before inputs that arrived later, so a mailbox that never empties does not delay timers.
                let due = self.next_due().filter(|due| *due <= at).and_then(|_| self.take_due(at));
                let input = due.or_else(|| self.task.mailbox.pop().map(Work::Input));
                return input.map_or(Poll::Pending, Poll::Ready);
            }
            while let Some(due) = self.next_due() {
                let now = self.shard.time();
                if due <= now
                    && let Some(work) = self.take_due(now)
                {
                    return Poll::Ready(work);
                }
                let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.into())));
                if alarm.deadline() != due.into() {
                    alarm.as_mut().reset(due.into());
                }
                // Ready means that the time has come meanwhile: look again.
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
            }
            self.alarm = None;
            Poll::Pending
        })
        .await
    }

    /// When the room has to do something by itself, if ever.
    fn next_due(&mut self) -> Option<Instant> {
        let own = self.release.closed_until().or_else(|| self.room.timers_mut().next_due());
        if self.room.count() > 0 || !self.outputs.are_visible() {
            return own;
        }
        let retires_at = self.occupancy.retires_at(|| self.shard.time());
        [own, retires_at].into_iter().flatten().min()
    }

    fn take_due(&mut self, now: Instant) -> Option<Work<L>> {
        let is_unused = self.room.count() == 0 && self.outputs.are_visible() && self.task.mailbox.is_empty();
        if is_unused && self.occupancy.retires_at(|| now).is_some_and(|at| at <= now) {
            return Some(Work::Retire);
        }
        if let Some(until) = self.release.closed_until() {
            return (until <= now).then_some(Work::Retry);
        }
        let (at, id, payload) = self.room.timers_mut().take_due(now)?;
        Some(Work::Input(Input { at, what: What::Timer(id, payload) }))
    }
}
