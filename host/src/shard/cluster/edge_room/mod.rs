//! A room at the edge that has the connections of its clients.
//!
//! | file | owns |
//! | --- | --- |
//! | `answers` | the answers to plain HTTP requests of its clients |

mod answers;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use ws_cluster::{Edge, Event as Kind, Input as Sent, Output};

use super::agenda::{Agenda, Due};
use super::carried::Carried;
use super::given::{All, Given, Other};
use super::told::{self, Asked, FromMember};
use super::wire::Malformed;
use crate::bus::{Event, Known, Presence, Sender};
use crate::protocol;
use crate::requests::{Answering, HostAnswer};
use crate::room::{Decision, LineId, Member, UpgradeId};
use crate::shard::cached_frame::CachedFrame;
use crate::shard::input::{Joined, What};
use crate::shard::mailbox::Mailbox;
use crate::shard::reach::Reach;
use crate::shard::room_task::RoomTask;
use crate::shard::table::Shard;
use crate::types::{ClientId, CloseInfo, Message};

/// The room of this node's clients. Their inputs go to the room's owner, and its outputs to them.
pub struct EdgeRoom {
    shard: Rc<Shard>,
    agenda: Rc<Agenda>,
    task: Rc<RoomTask>,
    edge: RefCell<Edge>,
    is_due: Cell<bool>,
    /// That of the owner that it has heard of last.
    epoch: Cell<u64>,
    /// Whether the node's life is over: nothing goes to an owner any more.
    is_over: Cell<bool>,
    /// The ways of the answers to plain HTTP requests, by the ids that the owner knows.
    ways: RefCell<HashMap<u64, Answering>>,
    /// The members whose bytes have crossed the soft limit here, and the requests (`OF_REQUEST`), which the owner has been told.
    over_soft: RefCell<HashSet<u64>>,
    /// The room exists, and counts as one of this node's.
    _known: Option<Known>,
}

impl EdgeRoom {
    /// A room without clients.
    pub fn open(shard: Rc<Shard>, agenda: Rc<Agenda>, name: Arc<str>, edge: Edge) -> Rc<Self> {
        let limits = shard.limits();
        let task = RoomTask::new(name, Mailbox::new(limits.mailbox_events, limits.mailbox_bytes));
        shard.resources().holdings.add_room(&task);
        let known = shard.bus().note(&task.shared_name(), Presence::Expected);
        let room = Rc::new(Self {
            shard,
            agenda,
            task: Rc::clone(&task),
            edge: RefCell::new(edge),
            is_due: Cell::new(false),
            epoch: Cell::new(0),
            is_over: Cell::new(false),
            ways: RefCell::default(),
            over_soft: RefCell::default(),
            _known: known,
        });
        let work = Rc::clone(&room);
        task.start(std::future::poll_fn(move |cx| work.poll(cx)));
        room
    }

    /// Where its lines bring their inputs.
    pub fn task(&self) -> &Rc<RoomTask> {
        &self.task
    }

    /// Its rules. The caller calls `note_due` when they may have something to send.
    pub fn edge(&self) -> &RefCell<Edge> {
        &self.edge
    }

    /// Has the shard's part look at it.
    pub fn note_due(&self) {
        if !self.is_due.replace(true) {
            self.agenda.add(Due::Edge(self.task.shared_name()));
        }
    }

    /// The shard's part looks at it now.
    pub fn begin_look(&self) {
        self.is_due.set(false);
    }

    /// Mail for the room has come from another one.
    pub fn mail(&self, mail: &Bytes) {
        self.edge.borrow_mut().ask(Asked::Mail(mail.to_vec()).encode());
        self.note_due();
    }

    /// Looks whether the room has another owner. It knows neither the requests of before nor the bytes that wait here.
    pub fn look_for_owner(&self) {
        let (before, epoch) = (self.epoch.get(), self.edge.borrow().epoch());
        self.epoch.set(epoch);
        if before == epoch || before == 0 {
            return;
        }
        self.forget_requests();
    }

    /// Takes in inputs that had to wait.
    pub fn go_on(&self) {
        self.task.wake();
    }

    /// Whether nobody needs it.
    pub fn is_unused(&self) -> bool {
        let has_inputs = !self.task.mailbox.is_empty() || !self.task.events.is_empty();
        self.edge.borrow().is_idle() && self.task.lines.len() == 0 && self.ways.borrow().is_empty() && !has_inputs
    }

    fn poll(&self, _cx: &Context<'_>) -> Poll<()> {
        loop {
            if self.is_over.get() {
                return Poll::Ready(());
            }
            let is_full = self.edge.borrow().is_full();
            self.task.set_busy(is_full);
            if is_full {
                return Poll::Pending;
            }
            let (events, mailbox) = (&self.task.events, &self.task.mailbox);
            let is_event = !events.is_empty() && (mailbox.is_empty() || !events.was_last());
            if is_event {
                let Some((_, event)) = events.pop() else { continue };
                self.edge.borrow_mut().ask(Asked::Event(carried_event(&event)).encode());
            } else {
                events.note_other();
                let Some(input) = mailbox.pop() else { return Poll::Pending };
                self.take(input.what);
            }
            self.note_due();
        }
    }

    fn take(&self, what: What) {
        let mut edge = self.edge.borrow_mut();
        match what {
            What::Joined(joined) => {
                let id = joined.client.id.get();
                let state = self.carried(&joined).encode();
                edge.join(id, state);
            }
            What::Message(id, message) => edge.message(id.get(), FromMember::Message(message).encode()),
            What::Left(id, info) => {
                self.over_soft.borrow_mut().remove(&id.get());
                edge.leave(id.get(), told::encode_end(&info));
            }
            What::LineLost(id) => edge.message(id.get(), FromMember::LineLost.encode()),
            What::LineBack(id) => edge.message(id.get(), FromMember::LineBack.encode()),
            What::Drained(id) => {
                let waits_again = self.reach(id.get()).filter(|reach| self.is_over_soft(reach.member()));
                if let Some(reach) = waits_again {
                    reach.member().owe_drain();
                } else if self.over_soft.borrow_mut().remove(&id.get()) {
                    edge.waits(id.get(), 0);
                    edge.message(id.get(), FromMember::HasRead.encode());
                }
            }
            What::Upgrade(id, request, _) => edge.ask(Asked::Upgrade(id.0, (&*request).into()).encode()),
            What::Withdrawn => edge.ask(Asked::Withdrawn.encode()),
            What::Request(id, request, _) => {
                if let Some(way) = self.shard.callers().take(id) {
                    self.ways.borrow_mut().insert(id, way);
                    edge.ask(Asked::Request(id, (&*request).into()).encode());
                }
            }
            What::RequestDrained(id) => self.drained(&mut edge, id),
            What::RequestGone(id) => self.gone(&mut edge, id),
            // Only a room with an instance is told these.
            What::Start(..) | What::Timer(..) | What::Answer(..) | What::Event(_) => {}
        }
    }

    fn carried(&self, joined: &Joined) -> Carried {
        let member = self.shard.reach(joined.client.id, joined.line);
        let connected = member.map_or(0, |reach| reach.member().connected_unix());
        let mut carried = Carried::new(&joined.client, connected);
        (carried.attachment, carried.is_unasked) = (joined.attachment.to_vec(), joined.is_unasked);
        carried
    }

    /// Makes outputs of the owner visible, in their order.
    pub fn deliver(&self, outputs: Vec<Output>) {
        for Output { to, payload } in outputs {
            match Given::decode(payload) {
                Ok(Given::Message { is_text, payload }) => self.send(&to, is_text, &payload),
                Ok(Given::ToAll { to, is_text, payload }) => {
                    let receivers = self.members(&to);
                    self.send(&receivers, is_text, &payload);
                }
                Ok(Given::Other(other)) => self.give(&to, other),
                Err(Malformed) => tracing::error!("{Malformed}"),
            }
        }
        self.note_due();
    }

    fn members(&self, All { joined_by, except }: &All) -> Vec<u64> {
        let edge = self.edge.borrow();
        let joined = edge.joined().filter(|(id, join)| (1..=*joined_by).contains(join) && except.binary_search(id).is_err());
        joined.map(|(id, _)| id).collect()
    }

    pub(super) fn send(&self, to: &[u64], is_text: bool, payload: &[u8]) {
        let mut frame = Vec::with_capacity(protocol::message_len(payload.len()));
        protocol::write_message(&mut frame, is_text, payload);
        let frame = Bytes::from(frame);
        let mut cached = CachedFrame::whole(&frame, to.len() == 1);
        for id in to {
            let Some(reach) = self.reach(*id) else { continue };
            let member = Arc::clone(reach.member());
            member.add_waiting(cached.len());
            let is_over = self.is_over_soft(&member) && self.over_soft.borrow_mut().insert(*id);
            // Before the message is sent: when the kernel takes all at once, the client has drained by then.
            if is_over {
                self.edge.borrow_mut().waits(*id, member.waiting_bytes() as u64);
            }
            self.shard.send(&reach, is_over, &mut cached);
        }
    }

    fn is_over_soft(&self, member: &Member) -> bool {
        member.waiting_bytes() > self.shard.limits().outbox_soft_bytes
    }

    fn give(&self, to: &[u64], other: Other) {
        match other {
            Other::Close(end) => {
                let Ok(info) = CloseInfo::try_from(end) else { return };
                to.iter().for_each(|id| self.close(*id, &info));
            }
            Other::Reply(end) => {
                let Ok(info) = CloseInfo::try_from(end) else { return };
                to.iter().for_each(|id| self.reply(*id, &info));
            }
            Other::Decide(id, verdict) => {
                if self.shard.upgrades().decide(UpgradeId(id), Decision::from(verdict)).is_some() {
                    self.edge.borrow_mut().ask(Asked::Withdrawn.encode());
                }
            }
            Other::Respond(id, part) => self.respond(id, part),
        }
    }

    /// Closes a client.
    pub fn close(&self, id: u64, info: &CloseInfo) {
        if let Some((client, line)) = self.line(id) {
            self.shard.close(client, line, info.clone());
        }
    }

    fn reply(&self, id: u64, info: &CloseInfo) {
        if let Some(line) = self.line(id).and_then(|(client, line)| self.shard.line(client, line)) {
            line.reply(self.shard.resources(), info.clone());
        }
    }

    fn line(&self, id: u64) -> Option<(ClientId, LineId)> {
        let client = ClientId::new(id);
        let slot = self.task.lines.slot(client)?;
        Some((client, self.shard.line_id(slot)))
    }

    pub(super) fn reach(&self, id: u64) -> Option<Reach> {
        match self.line(id) {
            Some((client, line)) => self.shard.reach(client, line),
            None => self.shard.reach_session(ClientId::new(id)),
        }
    }

    /// Nobody knows whether these inputs were handled, and they are not sent again. Those who wait for an answer get one.
    pub fn note_dropped(&self, inputs: &[Sent]) {
        for input in inputs {
            match input.event {
                Kind::Asked => self.refuse(&Asked::decode(&input.payload)),
                Kind::Left => self.reply(input.member, &told::decode_end(&input.payload)),
                Kind::Joined | Kind::Message => {}
            }
        }
    }

    fn refuse(&self, asked: &Result<Asked, Malformed>) {
        match asked {
            Ok(Asked::Upgrade(id, _)) => drop(self.shard.upgrades().decide(UpgradeId(*id), Decision::refuse(503))),
            Ok(Asked::Request(id, _)) => {
                if let Some(way) = self.ways.borrow_mut().remove(id) {
                    way.refuse(HostAnswer::Unavailable);
                }
            }
            _ => {}
        }
    }

    /// The node's life is over: all clients are closed, and nothing waits any more.
    pub fn end(&self, close: &CloseInfo) {
        self.is_over.set(true);
        let _ = self.shard.upgrades().decide_all(&self.task, &Decision::refuse(503));
        self.ways.take().into_values().for_each(|way| way.refuse(HostAnswer::Unavailable));
        let mut after = None;
        loop {
            let page = self.task.lines.after(after, 256);
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            page.iter().for_each(|(client, _)| self.close(client.get(), close));
        }
        self.task.mailbox.clear();
        self.task.stop();
    }
}

fn carried_event(event: &Event) -> told::Event {
    let (is_from_outside, from) = match &event.from {
        Sender::Room(from) => (false, from),
        Sender::Api(from) => (true, from),
    };
    told::Event {
        is_from_outside,
        from: from.to_string(),
        is_text: matches!(event.message, Message::Text(_)),
        content: event.message.as_bytes().to_vec(),
        number: event.number,
    }
}
