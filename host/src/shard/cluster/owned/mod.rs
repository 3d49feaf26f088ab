//! A room that this node owns.
//!
//! | file | owns |
//! | --- | --- |
//! | `reading` | its inputs |
//! | `showing` | its turns that may be seen |
//! | `ending` | its end at this node |

mod ending;
mod reading;
mod showing;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;
use ws_cluster::{Life, Member as Seen, Owner, Told, Turn as Outputs};

use crate::bus::Event;
use crate::cluster::Node;
use crate::cluster::mail::{Post, Receipt};
use crate::cluster::state::{Chain, RoomState, TurnWrites, encode_writes};
use crate::requests::{Answering, HostAnswer};
use crate::room::{LineId, Member, Room, Turn};
use crate::shard::cluster::agenda::{Agenda, Due};
use crate::shard::cluster::carried::Carried;
use crate::shard::cluster::letters::Letters;
use crate::shard::cluster::members::Members;
use crate::shard::cluster::staged::{Waiting, stage};
use crate::shard::cluster::wire::Malformed;
use crate::shard::input::Input;
use crate::shard::mailbox::Mailbox;
use crate::shard::room_task::RoomTask;
use crate::shard::table::Shard;
use crate::store::wall_us;
use crate::types::{Client, ClientId, CloseInfo};

/// The line of a member in the owner's room: its connection is at an edge.
const AT_AN_EDGE: LineId = LineId { shard: u32::MAX - 1, slot: 0 };

/// Turns that the room uses again, each in its box.
type Turns = Vec<Box<Turn>>;
/// A turn with the other effects and the receipts that wait for it.
type Large = (Outputs, Turns, Vec<Receipt>);

/// The owner's rules of a room beside its loop. Inputs of edges go to the loop one at a time, and its turns go to the edges.
pub struct Owned {
    shard: Rc<Shard>,
    agenda: Rc<Agenda>,
    node: Node,
    task: Rc<RoomTask>,
    owner: RefCell<Owner>,
    members: RefCell<Members>,
    waiting: RefCell<Waiting>,
    /// The room's durable state.
    chain: Arc<Chain>,
    letters: RefCell<Letters>,
    step: RefCell<Step>,
    /// Turns with effects of this node, by the number of the owner's turn that they wait for.
    held: RefCell<VecDeque<(u64, Turns)>>,
    /// Those that wait no longer.
    released: RefCell<VecDeque<Box<Turn>>>,
    /// Whether the loop has begun, or is about to.
    has_started: Cell<bool>,
    /// Whether the loop waits until it may do something.
    has_waited: Cell<bool>,
    /// Whether the whole state is being stored, and no handler may run meanwhile.
    is_paused: Cell<bool>,
    /// A turn that is stored with the whole state, since its writes are too long for a record.
    large: Cell<Option<Large>>,
    /// The state of a room that has never written, stored for its last record.
    head: Cell<Option<Bytes>>,
    is_due: Cell<bool>,
    changed: Notify,
}

/// The room's work on one input.
#[derive(Debug, Default)]
struct Step {
    outputs: Outputs,
    local: Turns,
    receipts: Vec<Receipt>,
    /// The member that leaves, and its edge.
    leaver: Option<(u64, Life)>,
    /// Whether it has begun: the owner is to hear of its end.
    is_begun: bool,
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned").field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl Owned {
    /// A room whose loop begins next.
    pub fn new(
        shard: Rc<Shard>,
        agenda: Rc<Agenda>,
        node: Node,
        owner: Owner,
        (name, chain): (Arc<str>, Arc<Chain>),
    ) -> Rc<Self> {
        let limits = shard.limits();
        let letters = chain.read(|state| Letters::new(&name, state));
        // The clock counts where the room's records have been removed, and other rooms still have marks of it.
        shard.bus().number_from(chain.read(RoomState::last_event).max(wall_us()));
        let to_itself: Vec<_> = chain.read(|state| state.pending_events().filter(|event| event.to == name).cloned().collect());
        let task = RoomTask::new(Arc::clone(&name), Mailbox::new(limits.mailbox_events, limits.mailbox_bytes));
        let owned = Rc::new(Self {
            shard,
            agenda,
            node,
            task,
            owner: RefCell::new(owner),
            members: RefCell::default(),
            waiting: RefCell::default(),
            letters: RefCell::new(letters),
            chain,
            step: RefCell::default(),
            held: RefCell::default(),
            released: RefCell::default(),
            has_started: Cell::new(false),
            has_waited: Cell::new(false),
            is_paused: Cell::new(false),
            large: Cell::new(None),
            head: Cell::new(None),
            is_due: Cell::new(false),
            changed: Notify::new(),
        });
        for event in to_itself {
            let event = owned.posted(Post { from: Arc::clone(&name), after: 0, event });
            owned.task.events.push(owned.shard.time(), event);
        }
        owned
    }

    /// The room's name.
    pub fn name(&self) -> &str {
        self.task.name()
    }

    /// Where the room's loop runs.
    pub fn task(&self) -> &Rc<RoomTask> {
        &self.task
    }

    /// The owner's epoch.
    pub fn epoch(&self) -> u64 {
        self.owner.borrow().epoch()
    }

    /// The owner's rules. The caller calls `note_due` when they may have something to send.
    pub fn rules(&self) -> &RefCell<Owner> {
        &self.owner
    }

    /// Has the shard's part look at it.
    pub fn note_due(&self) {
        if !self.is_due.replace(true) {
            self.agenda.add(Due::Owner(self.task.shared_name()));
        }
    }

    /// The shard's part looks at it now.
    pub fn begin_look(&self) {
        self.is_due.set(false);
    }

    /// The room starts, if its members are known. The loop begins with them.
    pub fn start(&self) -> Option<Started> {
        if self.has_started.get() {
            return None;
        }
        let Told::Start { start, survivors, .. } = self.owner.borrow_mut().take(self.node.is_held())? else { return None };
        self.has_started.set(true);
        self.step.borrow_mut().is_begun = true;
        let survivors = survivors.into_iter().filter_map(|seen| self.survivor(&seen)).collect();
        Some(Started { start, survivors })
    }

    /// A member of this room.
    pub fn known(&self, id: ClientId) -> Option<Arc<Member>> {
        self.members.borrow().get(id.get()).cloned()
    }

    /// The next input for the loop. `end_step` follows when it has been handled.
    pub fn take(&self) -> Option<Input> {
        while !self.is_paused.get() {
            let told = self.owner.borrow_mut().take(self.node.is_held())?;
            let asker = self.owner.borrow().asker();
            let what = match told {
                Told::Input(input) => readable(self.read(asker, input.event, input.member, input.payload)).flatten(),
                Told::Start { .. } => None,
            };
            self.step.borrow_mut().is_begun = true;
            if let Some(what) = what {
                return Some(Input { at: self.shard.time(), what });
            }
            self.end_step();
        }
        None
    }

    /// The way of the answer to a plain HTTP request.
    pub fn way(&self, id: u64) -> Option<Answering> {
        self.waiting.borrow().way(id)
    }

    /// Answers a plain HTTP request in place of the app; without an answer, the other endpoints of its edge do.
    pub fn refuse(&self, way: &Answering, answer: Option<HostAnswer>) {
        let refused = self.waiting.borrow_mut().refuse(way, answer);
        self.step.borrow_mut().outputs.outputs.extend(refused);
    }

    /// Closes a client that cannot become a member.
    pub fn close(&self, id: ClientId, info: &CloseInfo) {
        let edge = self.members.borrow().edge_of(id.get());
        let close = |edge| (edge, super::staged::closing(id.get(), info));
        self.step.borrow_mut().outputs.outputs.extend(edge.map(close));
    }

    /// Takes a committed turn. Its outputs go to the edges when they may. Returns it if nobody needs it any more.
    pub fn stage(&self, room: &mut Room, mut turn: Box<Turn>) -> Option<Box<Turn>> {
        let mut step = self.step.borrow_mut();
        if turn.commit() > 0
            && let Some(journal) = room.journal()
        {
            let writes = turn.take_writes();
            step.receipts.extend(self.letters.borrow().receipts(&writes));
            journal.commit(writes, Box::new(|_| {}));
            room.note_durable(turn.commit());
        }
        let Step { outputs, leaver, .. } = &mut *step;
        let (members, mut waiting) = (self.members.borrow(), self.waiting.borrow_mut());
        let has_others = stage(&turn, &members, &mut waiting, *leaver, &mut outputs.outputs);
        for id in room.take_changed() {
            let Some(edge) = members.edge_of(id.get()) else { continue };
            let Some(carried) = Carried::of(room, id) else { continue };
            outputs.members.push((edge, Seen { id: id.get(), join: 0, state: carried.encode() }));
        }
        if has_others {
            step.local.push(turn);
            return None;
        }
        Some(turn)
    }

    /// The loop has done a piece of work: an input of an edge, or something of its own.
    pub fn end_step(&self) {
        let Step { mut outputs, local, receipts, is_begun, .. } = self.step.take();
        if !is_begun && outputs == Outputs::default() && local.is_empty() && receipts.is_empty() {
            return;
        }
        match self.chain.take_writes() {
            Some(TurnWrites::Whole(whole)) => {
                self.large.set(Some((outputs, local, receipts)));
                return self.store(whole);
            }
            Some(TurnWrites::Item(item)) => outputs.writes = Some(item),
            None => {}
        }
        self.commit(outputs, local, receipts);
        if self.is_durable() && self.chain.is_whole_due() {
            self.store(self.chain.begin_whole());
        }
    }

    fn commit(&self, outputs: Outputs, local: Turns, receipts: Vec<Receipt>) {
        let number = self.owner.borrow_mut().commit(outputs);
        if !receipts.is_empty() {
            self.letters.borrow_mut().wait(number, receipts);
        }
        if !local.is_empty() {
            self.held.borrow_mut().push_back((number, local));
        }
        self.note_due();
    }

    /// Has a whole state stored. No handler runs meanwhile, since the state would replace its writes.
    fn store(&self, whole: Bytes) {
        self.is_paused.set(true);
        self.node.store(&self.task.shared_name(), self.epoch(), whole);
    }

    /// The whole state is stored as `head`, or cannot be stored now.
    pub fn stored(&self, head: Option<Bytes>) {
        match (head, self.large.take()) {
            (Some(head), Some((mut outputs, local, receipts))) => {
                outputs.writes = Some(encode_writes(&[]));
                self.commit(outputs, local, receipts);
                self.owner.borrow_mut().commit_whole(head);
            }
            (Some(head), None) if self.is_durable() => self.owner.borrow_mut().commit_whole(head),
            (Some(head), None) => self.head.set(Some(head)),
            // The turn cannot be stored without its state.
            (None, Some(large)) => {
                self.large.set(Some(large));
                self.chain.whole_failed();
                return self.store(self.chain.begin_whole());
            }
            (None, None) => self.chain.whole_failed(),
        }
        self.is_paused.set(false);
        self.changed.notify_waiters();
        self.note_due();
    }

    /// Whether the loop may do something: no whole state is being stored, and the node counts on its lease.
    pub fn may_run(&self) -> bool {
        let may = !self.is_paused.get() && self.node.is_held();
        self.has_waited.set(!may);
        may
    }

    /// Has a loop go on that has waited until it may do something.
    pub fn go_on(&self) {
        if self.has_waited.take() {
            self.note_due();
        }
    }

    /// Whether the room has ever written.
    pub fn is_durable(&self) -> bool {
        self.owner.borrow().is_durable()
    }

    /// The member that joins, with its number in the order of joins.
    pub fn joining(&self, client: &Client) -> (Arc<Member>, u64) {
        let member = self.known(client.id).unwrap_or_else(|| Arc::new(Member::without_line(client.clone())));
        (member, self.owner.borrow().join_of(client.id.get()).unwrap_or_default())
    }

    /// A turn with a message to another room is visible.
    pub fn send_event(&self, event: &Arc<Event>) {
        if *event.to == *self.name() {
            self.task.events.push(self.shard.time(), Arc::clone(event));
            self.task.wake();
        } else {
            self.letters.borrow_mut().push(event);
        }
        self.note_due();
    }

    /// The mail for other rooms.
    pub fn mail(&self) -> Vec<(Arc<str>, Bytes)> {
        self.letters.borrow_mut().poll(Node::now())
    }

    /// Whether a message to another room waits for its receipt.
    pub fn has_letters(&self) -> bool {
        !self.letters.borrow().are_done()
    }

    /// Whether nothing is on its way, and nothing is due until something happens.
    pub fn is_quiet(&self) -> bool {
        self.owner.borrow().is_quiet() && self.letters.borrow().are_done()
    }
}

/// How the room starts.
#[derive(Debug)]
pub struct Started {
    /// How this node has come by it.
    pub start: ws_cluster::Start,
    /// The members that it has, by their joins.
    pub survivors: Vec<Survivor>,
}

/// A member that has stayed while its room moved.
#[derive(Debug)]
pub struct Survivor {
    /// The member.
    pub member: Arc<Member>,
    /// Its number in the order of joins.
    pub join: u64,
    /// Its attachment.
    pub attachment: Bytes,
    /// Its topics.
    pub topics: Vec<String>,
}

fn readable<T>(read: Result<T, Malformed>) -> Option<T> {
    read.inspect_err(|malformed| tracing::error!("{malformed}")).ok()
}
