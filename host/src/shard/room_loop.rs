//! A room's loop: one event after the other goes through the app's handlers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Sleep;

use super::breaker::Breaker;
use super::effects;
use super::mailbox::Event;
use super::orders::RoomOrder;
use super::rooms::Rooms;
use super::seat::Seat;
use super::table::Shard;
use super::takeover::Before;
use crate::app::{App, Decision, Fault, Launch, Saved, StartReason, UpgradeRequest};
use crate::room::Room;
use crate::types::ClientId;

/// Orders that wait for a room.
pub(super) type RoomOrders<L> = Rc<RefCell<VecDeque<RoomOrder<L>>>>;

/// So many events may pass without a look at the clock.
const EVENTS_PER_LOOK: u32 = 64;

/// A room at work.
pub(super) struct RoomLoop<L: Launch> {
    pub(super) shard: Rc<Shard>,
    pub(super) rooms: Rc<Rooms<L>>,
    pub(super) seat: Rc<Seat>,
    pub(super) orders: RoomOrders<L>,
    pub(super) launch: L,
    pub(super) room: Room,
    /// The running instance; none while the circuit is open.
    pub(super) app: Option<L::App>,
    /// What `snapshot` gave last.
    pub(super) saved: Option<Saved>,
    /// The way back from the last swap.
    pub(super) before: Option<Before<L>>,
    pub(super) breaker: Breaker,
    pub(super) closed_until: Option<Instant>,
    /// Whether somebody was let in who has not joined yet.
    awaited: bool,
    ever_joined: bool,
    /// Events since the timers were last looked at.
    events_in_a_row: u32,
    /// When the room ends if nobody comes.
    retires_at: Option<Instant>,
    /// Wakes the loop for whatever the room waits for.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// What the loop does next.
enum Work<L> {
    Event(Event),
    Order(RoomOrder<L>),
    Timer(u64, Bytes),
    Retry,
    Retire,
}

impl<L: Launch> RoomLoop<L> {
    /// A new room. `run` starts its first instance.
    pub(super) fn new(
        shard: Rc<Shard>,
        rooms: Rc<Rooms<L>>,
        seat: Rc<Seat>,
        orders: RoomOrders<L>,
        launch: L,
        before: Option<Before<L>>,
        room: Room,
    ) -> Self {
        let breaker = Breaker::new(shard.limits.max_restarts, shard.limits.restart_window);
        Self {
            shard,
            rooms,
            seat,
            orders,
            launch,
            room,
            app: None,
            saved: None,
            before,
            breaker,
            closed_until: None,
            awaited: false,
            ever_joined: false,
            events_in_a_row: 0,
            retires_at: None,
            alarm: None,
        }
    }

    /// Starts the first instance, says how that went, and works events off until the room retires.
    pub(super) async fn run(mut self, started: oneshot::Sender<Result<(), Fault>>) {
        match self.launch_instance(StartReason::Fresh).await {
            Ok(()) => drop(started.send(Ok(()))),
            // Somebody waits for the word: a server that starts. It will not serve.
            Err(fault) if !started.is_closed() => return drop(started.send(Err(fault))),
            Err(fault) => self.contain(fault, None).await,
        }
        loop {
            let work = self.next().await;
            self.seat.set_busy(true);
            match work {
                Work::Event(event) => self.handle(event).await,
                Work::Order(order) => self.follow(order).await,
                Work::Timer(id, payload) => {
                    if let Some(app) = &mut self.app {
                        let outcome = guarded(pin!(app.on_timer(&mut self.room, id, payload))).await;
                        self.settle(outcome, None).await;
                    }
                }
                Work::Retry => self.retry().await,
                Work::Retire => return self.rooms.remove(self.room.name()),
            }
            self.seat.set_busy(false);
        }
    }

    async fn handle(&mut self, event: Event) {
        let Some(app) = &mut self.app else { return self.turn_away(event) };
        let room = &mut self.room;
        match event {
            Event::Message(from, message) => {
                if !room.hears(from) {
                    return;
                }
                let outcome = guarded(pin!(app.on_message(room, from, message))).await;
                self.settle(outcome, Some(from)).await;
            }
            Event::Joined(member) => {
                (self.retires_at, self.awaited, self.ever_joined) = (None, false, true);
                if self.shard.limits.max_room_clients.is_some_and(|max| room.count() >= max) {
                    // Several were let in before the first of them had joined.
                    return self.close_newcomer(&member, "the room is full");
                }
                room.join(Arc::clone(&member));
                let outcome = guarded(pin!(app.on_new_client(room, &member.client))).await;
                self.settle(outcome, Some(member.client.id)).await;
            }
            Event::Left(id, info) => {
                if !room.leave(id) {
                    return;
                }
                let outcome = guarded(pin!(app.on_client_left(room, id, &info))).await;
                self.room.forget_leaver();
                self.settle(outcome, None).await;
            }
            Event::Drained(id) => {
                let outcome = guarded(pin!(app.on_drain(room, id))).await;
                self.settle(outcome, Some(id)).await;
            }
            Event::Upgrade(request, answer) => {
                let decision = self.decide(&request).await;
                // Who has hung up meanwhile wants no answer.
                let _ = answer.send(decision);
            }
        }
    }

    /// Whether somebody is let in: by the room's own state, and by the app's gate if it has one.
    async fn decide(&mut self, request: &UpgradeRequest) -> Decision {
        let max_clients = self.shard.limits.max_room_clients;
        if !self.room.is_admitting() || max_clients.is_some_and(|max| self.room.count() >= max) {
            return Decision::Refuse(503);
        }
        // It may be a while until it joins: the room must not retire in between.
        (self.retires_at, self.awaited) = (None, true);
        let Some(app) = self.app.as_mut().filter(|_| self.launch.has_gate()) else { return Decision::Accept(None) };
        let (decision, outcome) = match guarded(pin!(app.on_upgrade(&mut self.room, request))).await {
            Ok(decision) => (decision, Ok(())),
            Err(fault) => (Decision::Refuse(500), Err(fault)),
        };
        self.settle(outcome, None).await;
        decision
    }

    /// Applies a handler's effects, or contains its failure.
    pub(super) async fn settle(&mut self, outcome: Result<(), Fault>, blamed: Option<ClientId>) {
        match outcome {
            Ok(()) => self.apply_effects().await,
            Err(fault) => self.contain(fault, blamed).await,
        }
    }

    pub(super) async fn apply_effects(&mut self) {
        effects::apply(&self.shard, &mut self.room).await;
    }

    /// Drops a handler's effects.
    pub(super) fn roll_back(&mut self) {
        for id in self.room.roll_back() {
            self.seat.mailbox.push(Event::Drained(id));
        }
    }

    /// Begins an instance: its `on_start` runs. If it refuses or fails, what it staged is dropped.
    pub(super) async fn begin(&mut self, app: &mut L::App, reason: StartReason, saved: Option<Saved>) -> Result<(), Fault> {
        let begun = guarded(pin!(app.on_start(&mut self.room, reason, saved))).await;
        match &begun {
            Ok(()) => self.apply_effects().await,
            Err(_) => self.roll_back(),
        }
        begun
    }

    async fn next(&mut self) -> Work<L> {
        poll_fn(|cx| {
            if let Some(order) = self.orders.borrow_mut().pop_front() {
                return Poll::Ready(Work::Order(order));
            }
            if self.events_in_a_row >= EVENTS_PER_LOOK {
                // A mailbox that never empties must not keep the timers waiting.
                self.events_in_a_row = 0;
                let now = Instant::now();
                if self.next_due().is_some_and(|due| due <= now)
                    && let Some(work) = self.take_due(now)
                {
                    return Poll::Ready(work);
                }
            }
            if let Some(event) = self.seat.mailbox.pop() {
                self.events_in_a_row += 1;
                return Poll::Ready(Work::Event(event));
            }
            self.events_in_a_row = 0;
            while let Some(due) = self.next_due() {
                let now = Instant::now();
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
        if self.retires_at.is_none() && self.room.count() == 0 {
            self.retires_at = self.rooms.linger().map(|linger| Instant::now() + self.patience(linger));
        }
        let own = self.closed_until.or_else(|| self.room.timers_mut().next_due());
        [own, self.retires_at].into_iter().flatten().min()
    }

    /// How long the room waits for somebody. Who was let in joins within the time of a handshake, or never; a room that
    /// nobody has ever joined is not worth waiting longer for.
    fn patience(&self, linger: Duration) -> Duration {
        let linger = if self.ever_joined { linger } else { Duration::ZERO };
        if self.awaited { linger.max(self.shard.limits.handshake_timeout) } else { linger }
    }

    fn take_due(&mut self, now: Instant) -> Option<Work<L>> {
        if self.retires_at.is_some_and(|at| at <= now) && self.room.count() == 0 {
            return Some(Work::Retire);
        }
        if let Some(until) = self.closed_until {
            return (until <= now).then_some(Work::Retry);
        }
        self.room.timers_mut().take_due(now).map(|(id, payload)| Work::Timer(id, payload))
    }
}

/// Awaits a handler, and turns its panic into a fault: a native app must not take the shard with it.
///
/// It takes the handler pinned, and so do those below it: a future that is handed on by value is copied each time, and this one
/// is large.
pub(super) async fn guarded<T>(mut handler: Pin<&mut impl Future<Output = Result<T, Fault>>>) -> Result<T, Fault> {
    poll_fn(|cx| {
        // What a panic leaves behind is the app's instance, which is dropped, and staged effects, which are rolled back.
        catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)))
            .unwrap_or_else(|panic| Poll::Ready(Err(Fault::new(panic_message(&*panic)))))
    })
    .await
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler panicked: {}", text.unwrap_or("without a message"))
}
