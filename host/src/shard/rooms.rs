//! The rooms of one shard, by name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::oneshot;

use super::mailbox::Mailbox;
use super::orders::{Order, Probation, RoomOrder, RoomSwap};
use super::room_loop::{RoomLoop, RoomOrders, guarded};
use super::seat::Seat;
use super::table::Shard;
use super::takeover::Before;
use crate::app::{App, Fault, Launch, StartReason};
use crate::room::{Room, RoomLimits};

/// What all shards count together.
#[derive(Debug, Default)]
pub struct Counters {
    /// Rooms that exist.
    pub rooms: AtomicUsize,
    /// Failures of apps since the start.
    pub traps: AtomicU64,
}

/// The rooms of one shard.
pub(super) struct Rooms<L: Launch> {
    shard: Rc<Shard>,
    counters: Arc<Counters>,
    /// What new rooms run.
    launch: RefCell<L>,
    /// While `launch` is on probation: the release before, and the probation.
    on_probation: RefCell<Option<(L, Arc<Probation>)>>,
    by_name: RefCell<HashMap<Arc<str>, Entry<L>>>,
    /// How long an empty room is kept; for ever if there is none.
    linger: Option<Duration>,
}

struct Entry<L> {
    seat: Rc<Seat>,
    orders: RoomOrders<L>,
}

impl<L> Clone for Entry<L> {
    fn clone(&self) -> Self {
        Self { seat: Rc::clone(&self.seat), orders: Rc::clone(&self.orders) }
    }
}

impl<L: Launch> Rooms<L> {
    /// No rooms yet.
    pub(super) fn new(shard: Rc<Shard>, counters: Arc<Counters>, launch: L, linger: Option<Duration>) -> Rc<Self> {
        Rc::new(Self {
            shard,
            counters,
            launch: RefCell::new(launch),
            on_probation: RefCell::default(),
            by_name: RefCell::default(),
            linger,
        })
    }

    /// Starts an instance of a release and drops it again: whether it can start is known before a room needs it.
    pub(super) async fn try_out(&self, launch: &L) -> Result<(), Fault> {
        let mut room = Room::new("trial", self.room_limits());
        let mut app = guarded(pin!(launch.launch(room.name()))).await?;
        guarded(pin!(app.on_start(&mut room, StartReason::Fresh, None))).await
    }

    fn room_limits(&self) -> RoomLimits {
        let limits = &self.shard.limits;
        RoomLimits { max_message_bytes: limits.max_message_bytes, outbox_soft_bytes: limits.outbox_soft_bytes }
    }

    /// The room of this name. It is made if it does not exist, unless there are too many.
    pub(super) fn get_or_open(self: &Rc<Self>, name: &str) -> Option<Rc<Seat>> {
        if let Some(entry) = self.by_name.borrow().get(name) {
            return Some(Rc::clone(&entry.seat));
        }
        if self.counters.rooms.load(Relaxed) >= self.shard.limits.max_rooms {
            tracing::warn!(room = name, "refused: there are {} rooms already", self.shard.limits.max_rooms);
            return None;
        }
        let (started, _) = oneshot::channel();
        Some(self.open(name, started))
    }

    /// Makes a room, and has it say how its first instance started. If nobody listens it goes on trying by itself.
    pub(super) fn open(self: &Rc<Self>, name: &str, started: oneshot::Sender<Result<(), Fault>>) -> Rc<Seat> {
        let limits = &self.shard.limits;
        let seat = Seat::new(Mailbox::new(limits.mailbox_events, limits.mailbox_bytes));
        let orders = RoomOrders::default();
        let room = Room::new(name, self.room_limits());
        let launch = self.launch();
        let entry = Entry { seat: Rc::clone(&seat), orders: Rc::clone(&orders) };
        self.by_name.borrow_mut().insert(name.into(), entry);
        self.counters.rooms.fetch_add(1, Relaxed);
        let before = self.on_probation.borrow().clone().map(|(before, probation)| Before::fresh(before, probation));
        let room_loop = RoomLoop::new(Rc::clone(&self.shard), Rc::clone(self), Rc::clone(&seat), orders, launch, before, room);
        seat.work(room_loop.run(started));
        seat
    }

    /// Takes a room out that has ended.
    pub(super) fn remove(&self, name: &str) {
        if self.by_name.borrow_mut().remove(name).is_some() {
            self.counters.rooms.fetch_sub(1, Relaxed);
        }
    }

    /// What new rooms run.
    pub(super) fn launch(&self) -> L {
        self.launch.borrow().clone()
    }

    pub(super) fn linger(&self) -> Option<Duration> {
        self.linger
    }

    pub(super) fn count_trap(&self) {
        self.counters.traps.fetch_add(1, Relaxed);
    }

    /// Resolves when no room has anything to do.
    pub(super) async fn idle(&self) {
        for entry in self.all() {
            entry.seat.idle().await;
        }
    }

    /// Passes an order on to one room after the other, so that never all of them pause at once.
    pub(super) async fn follow(&self, order: Order<L>) {
        match order {
            Order::Swap(next, probation, answer) => drop(answer.send(self.swap(&next, &probation).await)),
            Order::Revert(to, probation, done) => {
                self.launch.replace(to);
                self.on_probation.take();
                for entry in self.all() {
                    let (reverted, room_done) = oneshot::channel();
                    entry.give(RoomOrder::Revert(Arc::clone(&probation), reverted));
                    // A room that has retired meanwhile has nothing to go back from.
                    let _ = room_done.await;
                }
                let _ = done.send(());
            }
            Order::Settle => {
                self.on_probation.take();
                self.all().iter().for_each(|entry| entry.give(RoomOrder::Settle));
            }
        }
    }

    async fn swap(&self, next: &L, probation: &Arc<Probation>) -> Result<Vec<RoomSwap>, String> {
        if self.by_name.borrow().is_empty() {
            self.try_out(next).await.map_err(|fault| fault.message)?;
        }
        // Rooms that open meanwhile start with the new release.
        let before = self.launch.replace(next.clone());
        self.on_probation.replace(Some((before, Arc::clone(probation))));
        let mut swapped = Vec::new();
        for entry in self.all() {
            let (answer, outcome) = oneshot::channel();
            entry.give(RoomOrder::Swap(next.clone(), Arc::clone(probation), answer));
            // A room that has retired meanwhile has nothing to swap.
            if let Ok(outcome) = outcome.await {
                swapped.push(outcome?);
            }
            tokio::task::yield_now().await;
        }
        Ok(swapped)
    }

    /// Ends all rooms: at the shard's end, since rooms and their table know each other.
    pub(super) fn clear(&self) {
        let rooms = self.by_name.take();
        self.counters.rooms.fetch_sub(rooms.len(), Relaxed);
    }

    fn all(&self) -> Vec<Entry<L>> {
        self.by_name.borrow().values().cloned().collect()
    }
}

impl<L> Entry<L> {
    /// Gives the room an order, which it follows as soon as no handler runs.
    fn give(&self, order: RoomOrder<L>) {
        self.orders.borrow_mut().push_back(order);
        self.seat.wake();
    }
}
