//! The rooms of one shard, by name.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::cluster::{Owned, Part, Started};
use super::collapse::{caught, clean_up};
use super::counters::Counters;
use super::hibernation::Hibernation;
use super::incoming::Incoming;
use super::mailbox::Mailbox;
use super::orders::{Change, Order, Refusal, RoomOrder, RoomSwap};
use super::release::Release;
use super::room_circuit::RoomCircuit;
use super::room_loop::{RoomLoop, RoomOrders};
use super::room_task::RoomTask;
use super::table::Shard;
use super::way_back::WayBack;
use crate::app::{Fault, Launch};
use crate::bus::Presence;
use crate::log::in_short;
use crate::refusal::Reason;
use crate::room::{Room, RoomLimits, Stores};

/// How often it is asked, and how many times, whether the process can take the next instance of a swap. Many swaps in a row use up what
/// was known of its mappings at the last count.
const RECOUNT: (Duration, usize) = (Duration::from_millis(20), 100);

/// The rooms of one shard.
pub(super) struct Rooms<L: Launch> {
    shard: Rc<Shard>,
    counters: Arc<Counters>,
    stores: Stores,
    /// The release of new rooms.
    launch: RefCell<L>,
    /// The way back of new rooms while `launch` is on probation. They have no state of the releases before.
    way_back: RefCell<WayBack<L>>,
    by_name: RefCell<ByName<L>>,
    /// How long an empty room is kept; `None` means for ever.
    linger: Option<Duration>,
    hibernation: Rc<Hibernation>,
    incoming: Incoming,
    /// Whether no room is opened for a durable timer or a message any more.
    is_ending: Cell<bool>,
    /// The shard's part in a cluster. Then the rooms of `by_name` are those that this node owns.
    part: Option<Rc<Part>>,
}

/// The rooms that are open, in the order of their names: a list of them is read in pages.
pub(super) type ByName<L> = BTreeMap<Arc<str>, Entry<L>>;

/// A room that is open.
pub(super) struct Entry<L> {
    pub(super) task: Rc<RoomTask>,
    pub(super) orders: RoomOrders<L>,
}

impl<L> Clone for Entry<L> {
    fn clone(&self) -> Self {
        Self { task: Rc::clone(&self.task), orders: Rc::clone(&self.orders) }
    }
}

impl<L: Launch> Rooms<L> {
    /// A shard without rooms.
    pub(super) fn new(
        shard: Rc<Shard>,
        counters: Arc<Counters>,
        stores: Stores,
        launch: L,
        (linger, keeps_rooms): (Option<Duration>, bool),
        part: Option<Rc<Part>>,
    ) -> Rc<Self> {
        counters.set_answers_requests(launch.answers_requests());
        counters.set_takes_events(launch.takes_events());
        let hibernation = Hibernation::new(Arc::clone(&counters), keeps_rooms);
        let (launch, way_back, by_name) = (RefCell::new(launch), RefCell::default(), RefCell::default());
        let (incoming, is_ending) = Default::default();
        Rc::new(Self { shard, counters, stores, launch, way_back, by_name, linger, hibernation, incoming, is_ending, part })
    }

    /// A room of this name that is not open yet.
    pub(super) fn room(&self, name: &str) -> Room {
        let mut room = Room::new(name, RoomLimits::from(self.shard.limits()), self.shard.resources().clock());
        room.set_client(Arc::clone(self.shard.client()));
        room.set_bus(Arc::clone(self.shard.bus()));
        room.set_tracer(self.shard.tracer());
        room
    }

    /// The room of this name, if it exists.
    pub(super) fn get(&self, name: &str) -> Option<Rc<RoomTask>> {
        self.by_name.borrow().get(name).map(|entry| Rc::clone(&entry.task))
    }

    /// Where the lines of a room's clients bring their inputs: to the room, or in a cluster to its edge.
    pub(super) fn line_room(&self, name: &str) -> Option<Rc<RoomTask>> {
        match &self.part {
            None => self.get(name),
            Some(part) => part.edge(name),
        }
    }

    /// The same for the room of this name. It is opened if it does not exist, unless there are too many or its circuit is open.
    pub(super) fn get_or_open(self: &Rc<Self>, name: &str) -> Option<Rc<RoomTask>> {
        if let Some(task) = self.line_room(name) {
            return Some(task);
        }
        if let Err(reason) = self.check_room() {
            if let Some(more) = self.shard.log_limits().refused_rooms.allows(self.shard.time()) {
                tracing::warn!(room = in_short(name), "refused: {reason}{more}");
            }
            return None;
        }
        if let Some(part) = &self.part {
            return part.edge_or_open(name);
        }
        let circuit = self.shard.circuits().take(name, self.shard.time())?;
        let (started, _) = oneshot::channel();
        Some(self.open(name, circuit, started))
    }

    /// Why no room of a new name opens now.
    pub(super) fn why_not(&self) -> Reason {
        if self.check_room().is_err() { Reason::Rooms } else { Reason::Failing }
    }

    /// Opens the room that stays for ever, and says how its first instance started. After an error the room does not exist.
    pub(super) async fn open_shared(self: &Rc<Self>, name: &str) -> Result<(), Fault> {
        let limits = self.shard.limits();
        let (started, outcome) = oneshot::channel();
        self.open(name, RoomCircuit::new(limits.max_restarts, limits.restart_window), started);
        outcome.await.unwrap_or_else(|_| Err(Fault::new("its room ended at once")))
    }

    /// Checks that another room may open.
    fn check_room(&self) -> Result<(), String> {
        let max_rooms = self.shard.limits().max_rooms;
        // In a cluster, rooms of other nodes that have clients here count too.
        if self.counters.rooms() >= max_rooms || (self.part.is_some() && self.shard.bus().is_full()) {
            return Err(format!("there are {max_rooms} rooms already"));
        }
        self.launch.borrow().check_room()
    }

    /// Opens a room, which reports how its first instance started. If nobody listens, the room goes on trying by itself.
    fn open(self: &Rc<Self>, name: &str, circuit: RoomCircuit, started: oneshot::Sender<Result<(), Fault>>) -> Rc<RoomTask> {
        let limits = self.shard.limits();
        let task = RoomTask::new(name.into(), Mailbox::new(limits.mailbox_events, limits.mailbox_bytes));
        self.begin(&task, circuit, started, None);
        task
    }

    /// Has the loop of a room begin.
    pub(super) fn begin(
        self: &Rc<Self>,
        task: &Rc<RoomTask>,
        circuit: RoomCircuit,
        started: oneshot::Sender<Result<(), Fault>>,
        owned: Option<(Rc<Owned>, Started)>,
    ) {
        let name = task.shared_name();
        self.shard.resources().holdings.add_room(task);
        let known = self.shard.bus().note(&name, Presence::Open);
        if owned.is_none() {
            self.incoming.opened(&name, task);
        }
        let entry = Entry { task: Rc::clone(task), orders: RoomOrders::default() };
        let room_loop = RoomLoop::new(
            Rc::clone(&self.shard),
            Arc::clone(&self.counters),
            (Rc::clone(task), Rc::clone(&entry.orders)),
            self.room(&name),
            Release::new(self.launch(), self.way_back.borrow().clone(), circuit),
            (self.stores.clone(), self.linger, Rc::clone(&self.hibernation)),
        );
        self.by_name.borrow_mut().insert(Arc::clone(&name), entry);
        self.counters.add_room();
        self.shard.resources().counts.rooms_opened.count();
        let rooms = Rc::clone(self);
        let deciding = Rc::clone(task);
        let (room_loop, owner) = match owned {
            None => (Box::new(room_loop), None),
            Some((owned, started)) => (Box::new(room_loop.in_cluster(Rc::clone(&owned), started)), Some(owned)),
        };
        task.start(async move {
            if let Err(panic) = caught(pin!(room_loop.run(started))).await {
                if let Some(more) = rooms.shard.log_limits().faults.allows(rooms.shard.time()) {
                    let (room, panic) = (in_short(&name), in_short(&panic));
                    tracing::error!(room, "the host failed in this room, which starts anew for the next client: {panic:?}{more}");
                }
                clean_up(&rooms.shard, &deciding);
                if rooms.are_durable() && rooms.hibernation.keeps_rooms() {
                    // Its durable timers are in the journal, and are looked for when it opens.
                    rooms.hibernation.postpone(Arc::clone(&name));
                }
            }
            rooms.remove(&name);
            rooms.ended(&name, &deciding);
            if let (Some(owned), Some(part)) = (owner, &rooms.part) {
                part.ended(&owned);
            }
            drop(known);
        });
    }

    /// Whether rooms outlive the process.
    pub(super) fn are_durable(&self) -> bool {
        self.stores.are_durable()
    }

    /// Ends all rooms and keeps them, since the server shuts down. Nobody is in them any more.
    pub(super) async fn end(&self) {
        let mut ended = Vec::new();
        for entry in self.all() {
            let (done, room_ended) = oneshot::channel();
            entry.give(RoomOrder::End(done));
            ended.push(room_ended);
        }
        for room in ended {
            // A room that has ended by itself drops the order.
            let _ = room.await;
        }
    }

    /// Opens rooms for durable timers and messages no more, since the server shuts down: those that are kept wait for the next start.
    pub(super) fn stop_opening(&self) {
        self.is_ending.set(true);
    }

    /// Whether no room is opened for a durable timer or a message any more.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.get()
    }

    /// The messages of other rooms on their way.
    pub(super) fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// Does something with each room.
    pub(super) fn for_each(&self, mut act: impl FnMut(&RoomTask)) {
        self.by_name.borrow().values().for_each(|entry| act(&entry.task));
    }

    /// The rooms that hibernate.
    pub(super) fn hibernation(&self) -> &Hibernation {
        &self.hibernation
    }

    /// The shard's part in a cluster.
    pub(super) fn part(&self) -> Option<&Rc<Part>> {
        self.part.as_ref()
    }

    /// The shard.
    pub(super) fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    /// Whether parts of a closed room are kept in memory.
    pub(super) fn keeps_in_memory(&self, room: &str) -> bool {
        for dropped in self.hibernation.take_dropped() {
            if !self.stores.keep(&dropped) {
                self.incoming.forget(&dropped);
            }
        }
        self.hibernation.has(room) || self.stores.keep(room)
    }

    /// Removes a room that has ended.
    pub(super) fn remove(&self, name: &str) {
        if self.by_name.borrow_mut().remove(name).is_some() {
            self.counters.remove_rooms(1);
        }
    }

    /// The release of new rooms.
    pub(super) fn launch(&self) -> L {
        self.launch.borrow().clone()
    }

    /// Resolves when no room has anything to do.
    pub(super) async fn idle(&self) {
        for entry in self.all() {
            entry.task.idle().await;
        }
    }

    /// Resolves when the same is true, and no room has a message of another one to handle.
    pub(super) async fn settled(&self) {
        for entry in self.all() {
            entry.task.settled().await;
        }
    }

    /// The room of this name, with its orders.
    pub(super) fn entry(&self, name: &str) -> Option<Entry<L>> {
        self.by_name.borrow().get(name).cloned()
    }

    /// The rooms that are open, by name.
    pub(super) fn by_name(&self) -> Ref<'_, ByName<L>> {
        self.by_name.borrow()
    }

    /// Passes an order on to one room after the other, so that never all of them pause at once.
    pub(super) async fn follow(&self, order: Order<L>) {
        match order {
            Order::Swap(change, answer) => drop(answer.send(self.swap(change).await)),
            Order::Revert(probation, done) => {
                if let Some((before, _)) = self.way_back.borrow_mut().take(&probation) {
                    let failed = self.replace_launch(before).id();
                    if failed != self.launch.borrow().id() {
                        self.hibernation.reject(failed);
                    }
                }
                for entry in self.all() {
                    let (reverted, room_done) = oneshot::channel();
                    entry.give(RoomOrder::Revert(Arc::clone(&probation), reverted));
                    // A room that has retired meanwhile drops the order: it has nothing to go back from.
                    let _ = room_done.await;
                }
                let _ = done.send(());
            }
            Order::Settle => {
                self.way_back.borrow_mut().clear();
                self.all().into_iter().for_each(|entry| entry.give(RoomOrder::Settle));
            }
        }
    }

    /// Has new rooms start with another release, which may do better. Returns the one before.
    fn replace_launch(&self, launch: L) -> L {
        self.shard.circuits().clear();
        self.counters.set_answers_requests(launch.answers_requests());
        self.counters.set_takes_events(launch.takes_events());
        self.launch.replace(launch)
    }

    async fn swap(&self, change: Change<L>) -> Result<Vec<RoomSwap>, Refusal> {
        if self.by_name.borrow().is_empty() {
            self.try_out(&change.next).await.map_err(|fault| Refusal::Start(fault.in_full()))?;
        }
        // Rooms that open meanwhile start with the new release.
        let before = self.replace_launch(change.next.clone());
        self.hibernation.accept(&change.next.id());
        self.way_back.borrow_mut().add(before, None, Arc::clone(&change.probation));
        let mut swapped = Vec::new();
        for entry in self.all() {
            fits(&change.next).await?;
            let (answer, outcome) = oneshot::channel();
            entry.give(RoomOrder::Swap(change.clone(), answer));
            // A room that has retired meanwhile drops the order: it has nothing to swap.
            if let Ok(outcome) = outcome.await {
                swapped.push(outcome?);
            }
            tokio::task::yield_now().await;
        }
        Ok(swapped)
    }

    /// Ends all rooms, at the end of the shard: rooms and their table hold each other.
    pub(super) fn clear(&self) {
        let rooms = self.by_name.take();
        self.counters.remove_rooms(rooms.len());
    }

    /// All rooms, with their orders.
    pub(super) fn all(&self) -> Vec<Entry<L>> {
        self.by_name.borrow().values().cloned().collect()
    }
}

/// Waits until the process can take one more instance.
async fn fits<L: Launch>(launch: &L) -> Result<(), Refusal> {
    let (pause, tries) = RECOUNT;
    for _ in 0..tries {
        if launch.check_room().is_ok() {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
    launch.check_room().map_err(Refusal::Start)
}

impl<L> Entry<L> {
    /// Gives the room an order, which it follows as soon as no handler runs. If the room has ended, the order is dropped with the
    /// entry, and whoever waits for its answer hears that.
    pub(super) fn give(self, order: RoomOrder<L>) {
        self.orders.borrow_mut().push_back(order);
        self.task.wake();
    }
}
