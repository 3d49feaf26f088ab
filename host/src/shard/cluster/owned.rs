//! A room that this node owns.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;
use ws_cluster::{Event as Kind, Life, Member as Seen, Neighbours, Owner, Told, Turn as Outputs};

use super::agenda::{Agenda, Due};
use super::carried::Carried;
use super::letters::{self, Letters};
use super::members::Members;
use super::staged::{Waiting, stage};
use super::told::{self, Asked, FromMember};
use super::wire::Malformed;
use crate::bus::{Bus, Event, Sender};
use crate::cluster::Node;
use crate::cluster::mail::{Mail, Post, Receipt};
use crate::cluster::state::{Chain, RoomState, TurnWrites, encode_writes};
use crate::requests::{Answering, HostAnswer};
use crate::room::{LineId, Member, Room, Turn};
use crate::shard::input::{Input, Joined, What};
use crate::shard::mailbox::Mailbox;
use crate::shard::room_task::RoomTask;
use crate::shard::table::Shard;
use crate::store::wall_us;
use crate::types::{Client, ClientId, CloseInfo, Message};

/// The line of a member in the owner's room: its connection is at an edge.
const AT_AN_EDGE: LineId = LineId { shard: u32::MAX - 1, slot: 0 };

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
    held: RefCell<VecDeque<(u64, Vec<Box<Turn>>)>>,
    /// Those that wait no longer.
    released: RefCell<VecDeque<Box<Turn>>>,
    /// Whether the loop has begun, or is about to.
    has_started: Cell<bool>,
    /// Whether the whole state is being stored, and no handler may run meanwhile.
    is_paused: Cell<bool>,
    /// A turn that is stored with the whole state, since its writes are too long for a record.
    large: Cell<Option<(Outputs, Vec<Box<Turn>>, Vec<Receipt>)>>,
    /// The state of a room that has never written, stored for its last record.
    head: Cell<Option<Bytes>>,
    is_due: Cell<bool>,
    changed: Notify,
}

/// The room's work on one input.
#[derive(Debug, Default)]
struct Step {
    outputs: Outputs,
    local: Vec<Box<Turn>>,
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

    /// The room's durable state.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
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

    fn survivor(&self, Seen { id, join, state }: &Seen) -> Option<Survivor> {
        let edge = self.owner.borrow().edge_of(*id)?;
        let carried = readable(Carried::decode(state))?;
        let member = self.member(edge, *id, &carried);
        if carried.is_unheard {
            member.blame();
        }
        let (attachment, topics) = (carried.attachment.into(), carried.topics);
        Some(Survivor { member, join: *join, attachment, topics })
    }

    fn member(&self, edge: Life, id: u64, carried: &Carried) -> Arc<Member> {
        let line = if carried.is_away { LineId::away(AT_AN_EDGE.shard) } else { AT_AN_EDGE };
        let member = Arc::new(Member::new(carried.client(id), line).connected_at(carried.connected_unix));
        self.members.borrow_mut().insert(edge, Arc::clone(&member));
        member
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

    /// An input that a handler is to have. `None` if it has changed something here, and that is all.
    fn read(&self, asker: Option<Life>, event: Kind, id: u64, payload: Bytes) -> Result<Option<What>, Malformed> {
        let client = ClientId::new(id);
        match (event, asker) {
            (Kind::Joined, Some(edge)) => {
                let carried = Carried::decode(&payload)?;
                let member = self.member(edge, id, &carried);
                let (client, line, attachment) = (member.client.clone(), AT_AN_EDGE, carried.attachment.into());
                let joined = Joined { client, line, attachment, trace: None, is_unasked: carried.is_unasked };
                Ok(Some(What::Joined(Box::new(joined))))
            }
            (Kind::Message, _) => Ok(Some(match FromMember::decode(payload)? {
                FromMember::Message(message) => What::Message(client, message),
                FromMember::LineLost => {
                    self.known(client).inspect(|member| member.set_line(LineId::away(AT_AN_EDGE.shard)));
                    What::LineLost(client)
                }
                FromMember::LineBack => {
                    self.known(client).inspect(|member| member.set_line(AT_AN_EDGE));
                    What::LineBack(client)
                }
            })),
            (Kind::Left, _) => {
                let edge = self.members.borrow().edge_of(id);
                self.step.borrow_mut().leaver = edge.map(|edge| (id, edge));
                self.members.borrow_mut().remove(id);
                Ok(Some(What::Left(client, told::decode_end(&payload))))
            }
            (Kind::Asked, Some(edge)) => self.asked(edge, Asked::decode(&payload)?),
            (Kind::Joined | Kind::Asked, None) => Ok(None),
        }
    }

    fn asked(&self, edge: Life, asked: Asked) -> Result<Option<What>, Malformed> {
        let mut waiting = self.waiting.borrow_mut();
        Ok(match asked {
            Asked::Upgrade(number, request) => {
                Some(What::Upgrade(waiting.add_upgrade(edge, number), Box::new(request.into()), None))
            }
            Asked::Withdrawn => Some(What::Withdrawn),
            Asked::Request(number, request) => {
                Some(What::Request(waiting.add_plain(edge, number), Box::new(request.into()), None))
            }
            Asked::RequestDrained(number) => waiting.find(edge, number).map(|id| {
                waiting.note_read(id);
                What::RequestDrained(id)
            }),
            Asked::RequestGone(number) => waiting.find(edge, number).map(|id| {
                waiting.forget(id);
                What::RequestGone(id)
            }),
            Asked::Event(event) => Some(What::Event(self.event(event)?)),
            Asked::Mail(mail) => {
                let mail = Mail::decode(mail.into()).map_err(|_| Malformed)?;
                let (post, writes) = self.letters.borrow_mut().receive(Node::now(), mail);
                self.chain.add(&writes);
                post.map(|post| What::Event(self.posted(post)))
            }
        })
    }

    fn posted(&self, Post { from, event, .. }: Post) -> Arc<Event> {
        let number = event.id;
        let bus = self.shard.bus();
        let (permit, to) = (bus.backlog("").take(event.payload.len()), self.task.shared_name());
        let (receiver, (sender, message)) = (bus.note_expected(&to), letters::content(event, from));
        let mut event = Event::new((sender, to), message, permit, receiver);
        event.number = number;
        Arc::new(event)
    }

    fn event(&self, event: told::Event) -> Result<Arc<Event>, Malformed> {
        let from: Arc<str> = event.from.into();
        let bus: &Bus = self.shard.bus();
        let permit = bus.backlog(&from).take(event.content.len());
        let to = self.task.shared_name();
        let receiver = bus.note_expected(&to);
        let message = match event.is_text {
            true => Message::text(String::from_utf8(event.content).map_err(|_| Malformed)?),
            false => Message::Binary(event.content.into()),
        };
        let sender = if event.is_from_outside { Sender::Api(from) } else { Sender::Room(from) };
        let mut event_ = Event::new((sender, to), message, permit, receiver);
        event_.number = event.number;
        Ok(Arc::new(event_))
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
            let Some(carried) = carried(room, id) else { continue };
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

    fn commit(&self, outputs: Outputs, local: Vec<Box<Turn>>, receipts: Vec<Receipt>) {
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
        !self.is_paused.get() && self.node.is_held()
    }

    /// Whether the room has ever written.
    pub fn is_durable(&self) -> bool {
        self.owner.borrow().is_durable()
    }

    /// The state of a room that has never written, with the writes of its last turn, in the form for its last record. `None` if it has none.
    pub async fn state_with(&self, room: &Room, mut turn: Box<Turn>) -> Option<Bytes> {
        if turn.commit() == 0 {
            return None;
        }
        let journal = room.journal()?;
        journal.commit(turn.take_writes(), Box::new(|_| {}));
        drop(self.chain.take_writes());
        self.store(self.chain.begin_whole());
        while self.is_paused.get() && self.owner.borrow().stopped().is_none() {
            self.changed.notified().await;
        }
        self.head.take()
    }

    /// The member that joins, with its number in the order of joins.
    pub fn joining(&self, client: &Client) -> (Arc<Member>, u64) {
        let member = self.known(client.id).unwrap_or_else(|| Arc::new(Member::without_line(client.clone())));
        (member, self.owner.borrow().join_of(client.id.get()).unwrap_or_default())
    }

    /// Looks which turns may be seen, and wakes those who wait for that.
    pub fn look(&self) {
        let shown = self.owner.borrow().shown();
        let mut held = self.held.borrow_mut();
        while let Some((_, turns)) = held.pop_front_if(|(number, _)| *number <= shown) {
            self.released.borrow_mut().extend(turns);
        }
        drop(held);
        self.letters.borrow_mut().note_shown(shown);
        self.changed.notify_waiters();
    }

    /// The next turn whose effects this node is to do now.
    pub fn released(&self) -> Option<Box<Turn>> {
        self.released.borrow_mut().pop_front()
    }

    /// Whether there is such a turn.
    pub fn has_released(&self) -> bool {
        !self.released.borrow().is_empty()
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

    /// Whether nothing is on its way, and nothing is due until something happens.
    pub fn is_quiet(&self) -> bool {
        self.owner.borrow().is_quiet() && self.letters.borrow().are_done()
    }

    /// A message of an edge for this owner.
    pub fn receive(&self, from: Life, session: u64, message: ws_cluster::Message, neighbours: &Neighbours) {
        let receipt = self.owner.borrow_mut().receive(Node::now(), from, session, message, neighbours);
        let mut drained = self.members.borrow().arrived(from, &receipt.arrived);
        drained.extend(self.members.borrow_mut().report(receipt.waiting));
        for member in drained {
            self.task.mailbox.push(Input { at: self.shard.time(), what: What::Drained(member.client.id) });
        }
        self.note_due();
    }

    /// Gives the room up: takes no more inputs, and resolves when all that has been done is stored and has arrived.
    pub async fn drain(&self) {
        self.owner.borrow_mut().drain();
        self.until(|owner| owner.is_drained() || owner.stopped().is_some()).await;
    }

    /// Writes the last record, with the state of a room that has never written. Resolves when it is stored.
    pub async fn release(&self, state: Option<Bytes>) {
        self.owner.borrow_mut().release(state);
        self.until(|owner| owner.is_released() || owner.stopped().is_some()).await;
    }

    async fn until(&self, is_so: impl Fn(&Owner) -> bool) {
        self.note_due();
        loop {
            let changed = self.changed.notified();
            if is_so(&self.owner.borrow()) {
                return;
            }
            changed.await;
        }
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

/// What the edge of a member keeps for the next owner.
fn carried(room: &Room, id: ClientId) -> Option<Carried> {
    let member = room.members().find(|member| member.client.id == id)?;
    let mut carried = Carried::new(&member.client, member.connected_unix());
    carried.attachment = room.attachment(id).map(|bytes| bytes.to_vec()).unwrap_or_default();
    carried.topics = room.topics_of(id).into_iter().map(str::to_owned).collect();
    carried.is_away = !member.is_online();
    carried.is_unheard = !member.is_heard();
    Some(carried)
}

fn readable<T>(read: Result<T, Malformed>) -> Option<T> {
    read.inspect_err(|malformed| tracing::error!("{malformed}")).ok()
}
