//! The edges and owners of one shard, and the messages between them and other nodes.
//!
//! | file | owns |
//! | --- | --- |
//! | `news` | the news of the node |
//! | `messages` | the messages between edges and owners |

mod messages;
mod news;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;
use ws_cluster::{Edge, Effect, Envelope, Life, Limits, Neighbours, Stop, Timing};

use crate::cluster::Node;
use crate::cluster::state::ChainJournal;
use crate::log::in_short;
use crate::shard::cluster::agenda::{Agenda, Due};
use crate::shard::cluster::edge_room::EdgeRoom;
use crate::shard::cluster::owned::{Owned, Started};
use crate::shard::room_task::RoomTask;
use crate::shard::table::Shard;

/// A shard's part in a cluster.
pub struct Part {
    node: Node,
    shard: Rc<Shard>,
    journal: Arc<ChainJournal>,
    agenda: Rc<Agenda>,
    life: Cell<Option<Life>>,
    neighbours: RefCell<Arc<Neighbours>>,
    edges: RefCell<BTreeMap<Arc<str>, Rc<EdgeRoom>>>,
    owned: RefCell<BTreeMap<Arc<str>, Rc<Owned>>>,
    /// The highest number of a session, and of an input of an edge that is forgotten: each session has a higher one.
    sessions: Cell<u64>,
    /// The edges and owners for which something is due by time.
    active: RefCell<BTreeSet<Due>>,
    letters: RefCell<BTreeMap<Life, Vec<Envelope>>>,
    /// The rooms whose loops are to begin.
    starting: RefCell<Vec<(Rc<Owned>, Started)>>,
    /// The rooms whose owners have stopped: their loops are to end.
    stopped: RefCell<Vec<Rc<Owned>>>,
    /// The room that is open at one node at any time, and that node.
    shared: RefCell<Option<(Arc<str>, Option<Life>)>>,
    flushed: Notify,
}

impl Part {
    /// A part without rooms. `shared` is the room that is open all the time, wherever its clients are.
    pub fn new(node: Node, shard: Rc<Shard>, journal: Arc<ChainJournal>, shared: Option<Arc<str>>) -> Rc<Self> {
        let life = Cell::new(node.life());
        let neighbours = RefCell::new(node.neighbours());
        Rc::new(Self {
            node,
            shard,
            journal,
            life,
            neighbours,
            agenda: Rc::default(),
            edges: RefCell::default(),
            owned: RefCell::default(),
            sessions: Cell::new(0),
            active: RefCell::default(),
            letters: RefCell::default(),
            starting: RefCell::default(),
            stopped: RefCell::default(),
            shared: RefCell::new(shared.map(|room| (room, None))),
            flushed: Notify::new(),
        })
    }

    /// The room of this name for clients of this node, if there is one.
    pub fn edge(&self, room: &str) -> Option<Rc<RoomTask>> {
        self.edges.borrow().get(room).map(|edge| Rc::clone(edge.task()))
    }

    /// The edge of this room, if this node has clients in it.
    pub(super) fn edge_room(&self, room: &str) -> Option<Rc<EdgeRoom>> {
        self.edges.borrow().get(room).cloned()
    }

    /// All edges.
    pub(super) fn edge_rooms(&self) -> Vec<Rc<EdgeRoom>> {
        self.edges.borrow().values().cloned().collect()
    }

    /// The room of this name for clients of this node. It is made if it is missing. `None` while the node has no life.
    pub fn edge_or_open(&self, room: &str) -> Option<Rc<RoomTask>> {
        self.present_life()?;
        if let Some(task) = self.edge(room) {
            return Some(task);
        }
        self.sessions.set(self.sessions.get() + 1);
        let rules = Edge::new(self.sessions.get(), Timing::default(), Limits::default());
        let name: Arc<str> = room.into();
        let edge = EdgeRoom::open(Rc::clone(&self.shard), Rc::clone(&self.agenda), Arc::clone(&name), rules);
        let task = Rc::clone(edge.task());
        self.edges.borrow_mut().insert(name, edge);
        Some(task)
    }

    /// Mail for a room of another one.
    pub fn mail(&self, room: &str, mail: &Bytes) {
        if self.edge_or_open(room).is_some()
            && let Some(edge) = self.edges.borrow().get(room)
        {
            edge.mail(mail);
        }
    }

    /// The node's life. The news of a life that has just begun may still be on its way.
    fn present_life(&self) -> Option<Life> {
        if self.life.get().is_none() {
            self.life.set(self.node.life());
            self.neighbours.replace(self.node.neighbours());
        }
        self.life.get()
    }

    /// Resolves when an edge or an owner is due.
    pub async fn changed(&self) {
        self.agenda.changed().await;
    }

    /// Time has passed: looks at all for which something is due by time.
    pub fn tick(&self) {
        if self.node.is_held() {
            self.owned.borrow().values().for_each(|owned| owned.go_on());
        }
        for due in self.active.take() {
            match &due {
                Due::Edge(room) => self.edges.borrow().get(room).iter().for_each(|edge| edge.note_due()),
                Due::Owner(room) => self.owned.borrow().get(room).iter().for_each(|owned| owned.note_due()),
            }
        }
    }

    /// Forgets the edges that nobody needs.
    pub fn tidy(&self) {
        let unused: Vec<_> = self.edges.borrow().values().filter(|edge| edge.is_unused()).cloned().collect();
        for edge in unused {
            let name = edge.task().shared_name();
            let (bye, last) = (edge.edge().borrow().bye(), edge.edge().borrow().last_input());
            self.sessions.set(self.sessions.get().max(last));
            self.edges.borrow_mut().remove(&name);
            edge.task().stop();
            bye.into_iter().for_each(|letter| self.post(&name, letter));
        }
    }

    /// Does all that is due: rooms handle their inputs, and messages go out.
    pub fn flush(&self) {
        while let Some(due) = self.agenda.next() {
            match due {
                Due::Edge(room) => {
                    let edge = self.edges.borrow().get(&room).cloned();
                    edge.iter().for_each(|edge| self.flush_edge(&room, edge));
                }
                Due::Owner(room) => {
                    let owned = self.owned.borrow().get(&room).cloned();
                    owned.iter().for_each(|owned| self.flush_owner(&room, owned));
                }
            }
        }
        for (to, envelopes) in self.letters.take() {
            self.node.send(to, &envelopes);
        }
        self.flushed.notify_waiters();
    }

    /// Resolves when every edge has heard that its inputs count.
    pub async fn at_rest(&self) {
        loop {
            let flushed = self.flushed.notified();
            if self.edges.borrow().values().all(|edge| edge.edge().borrow().is_at_rest()) {
                return;
            }
            flushed.await;
        }
    }

    /// Resolves when the leaving of a client of a room counts, or its edge is gone.
    pub async fn has_left(&self, room: &str, client: u64) {
        loop {
            let flushed = self.flushed.notified();
            if self.edges.borrow().get(room).is_none_or(|edge| !edge.edge().borrow().knows(client)) {
                return;
            }
            flushed.await;
        }
    }

    /// Whether a room that this node owns has not begun yet.
    pub fn is_beginning(&self) -> bool {
        !self.owned.borrow().is_empty()
    }

    /// Resolves when rooms have begun or ended since.
    pub async fn ended_any(&self) {
        if self.is_beginning() {
            self.flushed.notified().await;
        }
    }

    /// Has the room that is open all the time be open somewhere.
    pub fn take_care(&self) {
        let Some((room, keeper)) = self.shared.borrow().clone() else { return };
        let is_kept = keeper.is_some_and(|keeper| !self.neighbours.borrow().is_gone(keeper));
        if self.life.get().is_some() && !is_kept && !self.owned.borrow().contains_key(&room) {
            self.node.find(&room);
        }
    }

    /// A closed room has a timer that is due, or is otherwise to open.
    pub fn wake(&self, room: &Arc<str>) {
        if !self.owned.borrow().contains_key(room) {
            self.node.find(room);
        }
    }

    /// Takes the rooms whose loops are to begin.
    pub fn take_starting(&self) -> Vec<(Rc<Owned>, Started)> {
        self.starting.take()
    }

    /// Takes the rooms whose loops are to end.
    pub fn take_stopped(&self) -> Vec<Rc<Owned>> {
        self.stopped.take()
    }

    /// The loop of an owned room has ended.
    pub fn ended(&self, owned: &Owned) {
        let is_this = self.owned.borrow().get(owned.name()).is_some_and(|known| known.epoch() == owned.epoch());
        if is_this {
            self.owned.borrow_mut().remove(owned.name());
            self.node.ended(&owned.task().shared_name(), owned.epoch());
            let goodbye = owned.rules().borrow().goodbye();
            goodbye.into_iter().for_each(|letter| self.post(&owned.task().shared_name(), letter));
        }
    }

    fn flush_edge(&self, room: &Arc<str>, edge: &Rc<EdgeRoom>) {
        edge.begin_look();
        edge.look_for_owner();
        // Outputs are in the clients' queues before the owner hears that they have arrived, with what waits there.
        self.do_effects(room, edge);
        let letters = edge.edge().borrow_mut().poll(Node::now());
        letters.into_iter().for_each(|letter| self.post(room, letter));
        self.do_effects(room, edge);
        edge.go_on();
        if !edge.edge().borrow().is_quiet() {
            self.active.borrow_mut().insert(Due::Edge(Arc::clone(room)));
        }
    }

    fn do_effects(&self, room: &Arc<str>, edge: &Rc<EdgeRoom>) {
        let effects = edge.edge().borrow_mut().effects();
        for effect in effects {
            match effect {
                Effect::Find => self.find(room, edge),
                Effect::Deliver(outputs) => edge.deliver(outputs),
                Effect::Close(ids) => edge.cut(&ids),
                Effect::Dropped(inputs) => edge.note_dropped(&inputs),
                // The node's own lease tells.
                Effect::Gone => {}
                Effect::Restored => self.node.restored(),
            }
        }
    }

    fn find(&self, room: &Arc<str>, edge: &EdgeRoom) {
        let owned = self.owned.borrow().get(room).cloned();
        match (owned, self.life.get()) {
            (Some(owned), Some(life)) => {
                edge.edge().borrow_mut().found_here(life, owned.epoch());
                edge.note_due();
            }
            _ => self.node.find(room),
        }
    }

    fn flush_owner(&self, room: &Arc<str>, owned: &Rc<Owned>) {
        owned.begin_look();
        if let Some(started) = owned.start() {
            self.starting.borrow_mut().push((Rc::clone(owned), started));
        }
        // The loop handles all inputs that wait. One that has not begun does nothing.
        owned.task().wake();
        let publication = owned.rules().borrow_mut().publication(self.node.release());
        if let Some(publication) = publication {
            let wake = owned.wake(&publication.record.act);
            self.node.publish(room, owned.epoch(), publication, wake);
        }
        let letters = owned.rules().borrow_mut().poll(Node::now());
        letters.into_iter().for_each(|letter| self.post(room, letter));
        let purgeable = owned.rules().borrow_mut().purgeable();
        if let Some(through) = purgeable {
            self.node.purge(room, through);
        }
        owned.look();
        let stopped = owned.rules().borrow().stopped();
        if let Some(why) = stopped {
            return self.stop(room, owned, why);
        }
        if owned.has_released() {
            owned.task().wake();
        }
        for (room, mail) in owned.mail() {
            self.shard.bus().carry(room, mail);
        }
        if !owned.is_quiet() {
            self.active.borrow_mut().insert(Due::Owner(Arc::clone(room)));
        }
    }

    fn stop(&self, room: &Arc<str>, owned: &Rc<Owned>, why: Stop) {
        match why {
            Stop::Replaced => {
                tracing::warn!(room = in_short(room), "another node of the cluster owns the room by now: it ends here");
            }
            Stop::Restored => {
                tracing::error!(
                    room = in_short(room),
                    "NATS has lost records of the room that it had acknowledged: the room ends here"
                );
                self.node.restored();
            }
        }
        self.stopped.borrow_mut().push(Rc::clone(owned));
    }
}
