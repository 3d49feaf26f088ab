//! A room's loop: one event after the other goes through the app's handlers.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use tokio::time::Sleep;

use super::breaker::Breaker;
use super::door::Door;
use super::effects;
use super::mailbox::Event;
use super::seat::Seat;
use super::table::Shard;
use crate::app::{App, Decision, Fault, Launch, Saved, StartReason};
use crate::room::Room;
use crate::types::{ClientId, CloseInfo};

/// A room at work.
pub struct RoomLoop<L: Launch> {
    shard: Rc<Shard>,
    seat: Rc<Seat>,
    door: Arc<Door>,
    launch: L,
    room: Room,
    /// The running instance; none while the circuit is open.
    app: Option<L::App>,
    saved: Option<Saved>,
    breaker: Breaker,
    /// Wakes the loop for the next timer, or for the end of the open circuit.
    alarm: Option<Pin<Box<Sleep>>>,
    closed_until: Option<Instant>,
}

/// What the loop does next.
enum Work {
    Event(Event),
    Timer(u64, Bytes),
    CloseCircuit,
}

impl<L: Launch> RoomLoop<L> {
    /// Launches a fresh instance for a new room. Its `on_start` has run, and its effects are applied.
    pub async fn start(shard: Rc<Shard>, seat: Rc<Seat>, door: Arc<Door>, launch: L, room: Room) -> Result<Self, Fault> {
        let breaker = Breaker::new(shard.limits.max_restarts, shard.limits.restart_window);
        let mut this = Self { shard, seat, door, launch, room, app: None, saved: None, breaker, alarm: None, closed_until: None };
        this.launch(StartReason::Fresh).await?;
        Ok(this)
    }

    /// Works events off, for as long as the shard lives.
    pub async fn run(mut self) {
        loop {
            let work = self.next().await;
            self.seat.set_busy(true);
            match work {
                Work::Event(event) => self.handle(event).await,
                Work::Timer(id, payload) => {
                    if let Some(app) = &mut self.app {
                        let outcome = guarded(app.on_timer(&mut self.room, id, payload)).await;
                        self.settle(outcome, None).await;
                    }
                }
                Work::CloseCircuit => self.close_circuit().await,
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
                let outcome = guarded(app.on_message(room, from, message)).await;
                self.settle(outcome, Some(from)).await;
            }
            Event::Joined(peer) => {
                room.join(Arc::clone(&peer));
                let outcome = guarded(app.on_new_client(room, &peer.client)).await;
                self.settle(outcome, Some(peer.client.id)).await;
            }
            Event::Left(id, info) => {
                if !room.leave(id) {
                    return;
                }
                let outcome = guarded(app.on_client_left(room, id, &info)).await;
                self.room.forget_leaver();
                self.settle(outcome, None).await;
            }
            Event::Drained(id) => {
                let outcome = guarded(app.on_drain(room, id)).await;
                self.settle(outcome, Some(id)).await;
            }
            Event::Upgrade(request, answer) => {
                let (decision, outcome) = match guarded(app.on_upgrade(room, &request)).await {
                    Ok(decision) => (decision, Ok(())),
                    Err(fault) => (Decision::Refuse(500), Err(fault)),
                };
                // Who has hung up meanwhile wants no answer.
                let _ = answer.send(decision);
                self.settle(outcome, None).await;
            }
        }
    }

    /// Applies a handler's effects, or contains its failure.
    async fn settle(&mut self, outcome: Result<(), Fault>, blamed: Option<ClientId>) {
        match outcome {
            Ok(()) => effects::apply(&self.shard, &self.door, &mut self.room),
            Err(fault) => self.contain(fault, blamed).await,
        }
    }

    /// A handler has failed: its effects are dropped, the client whose event it was is closed, and a fresh
    /// instance starts, unless too many have failed of late.
    async fn contain(&mut self, fault: Fault, blamed: Option<ClientId>) {
        self.room.roll_back();
        self.app = None;
        log_fault(self.room.name(), &fault);
        if let Some(connection) = blamed.and_then(|id| self.connection(id)) {
            connection.close(&self.shard, CloseInfo::trap());
        }
        while self.breaker.allow(Instant::now()) {
            match self.launch(StartReason::AfterTrap).await {
                Ok(()) => return,
                Err(fault) => log_fault(self.room.name(), &fault),
            }
        }
        self.open_circuit();
    }

    async fn launch(&mut self, reason: StartReason) -> Result<(), Fault> {
        let mut app = self.launch.launch(self.room.name()).await?;
        let started = guarded(app.on_start(&mut self.room, reason, self.saved.clone())).await;
        match started {
            Ok(()) => effects::apply(&self.shard, &self.door, &mut self.room),
            Err(fault) => {
                self.room.roll_back();
                return Err(fault);
            }
        }
        self.app = Some(app);
        Ok(())
    }

    fn open_circuit(&mut self) {
        let cool_down = self.shard.limits.restart_window;
        tracing::error!(
            room = self.room.name(),
            "the application has failed too often: its clients are closed with 1013 and new ones refused for {cool_down:?}"
        );
        self.door.circuit_open.store(true, Relaxed);
        self.closed_until = Some(Instant::now() + cool_down);
        let peers: Vec<_> = self.room.peers().cloned().collect();
        for peer in peers {
            if let Some(connection) = self.shard.connection(peer.client.id, peer.slot) {
                connection.close(&self.shard, CloseInfo::overload("the application keeps failing"));
            }
        }
    }

    async fn close_circuit(&mut self) {
        self.closed_until = None;
        match self.launch(StartReason::AfterTrap).await {
            Ok(()) => {
                tracing::info!(room = self.room.name(), "the application runs again");
                self.door.circuit_open.store(false, Relaxed);
            }
            Err(fault) => {
                log_fault(self.room.name(), &fault);
                self.open_circuit();
            }
        }
    }

    /// What becomes of events while the circuit is open: nobody is there to handle them.
    fn turn_away(&mut self, event: Event) {
        match event {
            Event::Joined(peer) => {
                if let Some(connection) = self.shard.connection(peer.client.id, peer.slot) {
                    connection.close(&self.shard, CloseInfo::overload("the application keeps failing"));
                }
            }
            Event::Left(id, _) => {
                self.room.leave(id);
                self.room.forget_leaver();
            }
            Event::Upgrade(_, answer) => {
                let _ = answer.send(Decision::Refuse(503));
            }
            Event::Message(..) | Event::Drained(_) => {}
        }
    }

    fn connection(&self, id: ClientId) -> Option<Rc<super::connection::Connection>> {
        let peer = self.room.peers().find(|peer| peer.client.id == id)?;
        self.shard.connection(id, peer.slot)
    }

    async fn next(&mut self) -> Work {
        poll_fn(|cx| {
            if let Some(event) = self.seat.mailbox.pop() {
                return Poll::Ready(Work::Event(event));
            }
            loop {
                let Some(due) = self.closed_until.or_else(|| self.room.timers_mut().next_due()) else {
                    self.alarm = None;
                    return Poll::Pending;
                };
                let now = Instant::now();
                if due <= now {
                    if self.closed_until.is_some() {
                        return Poll::Ready(Work::CloseCircuit);
                    }
                    if let Some((id, payload)) = self.room.timers_mut().take_due(now) {
                        return Poll::Ready(Work::Timer(id, payload));
                    }
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
        })
        .await
    }
}

/// Awaits a handler, and turns its panic into a fault: a native app must not take the shard with it.
async fn guarded<T>(handler: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut handler = pin!(handler);
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

fn log_fault(room: &str, fault: &Fault) {
    match &fault.backtrace {
        Some(backtrace) => tracing::error!(room, "{fault}\n{backtrace}"),
        None => tracing::error!(room, "{fault}"),
    }
}
