//! The edge of one room at one node.
//!
//! | file | owns |
//! | --- | --- |
//! | `pending` | inputs that do not count yet |
//! | `receiving` | messages of owners |

mod pending;
mod receiving;

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::letter::Letter;
use crate::life::Life;
use crate::limits::Limits;
use crate::message::{Event, Input, Member, Message, Output};
use crate::neighbours::Neighbours;
use crate::timing::{Time, Timing};

use pending::Pending;

/// The edge of one room at the node that has clients of it.
///
/// It numbers the inputs of its clients and keeps each until it counts, whatever owners come and go meanwhile. It keeps the members too,
/// for the next owner.
#[derive(Debug, Clone)]
pub struct Edge {
    session: u64,
    timing: Timing,
    limits: Limits,
    /// The owner, unless it has to be found.
    owner: Option<Life>,
    /// The highest epoch that this has heard of, and the node that it belongs to.
    epoch: u64,
    owner_of_epoch: Option<Life>,
    /// Whether the owner of this epoch has welcomed this edge.
    is_welcome: bool,
    /// The members to tell, until the owner has shown that it has them.
    presenting: Option<Message>,
    members: BTreeMap<u64, Present>,
    pending: Pending,
    /// The number of the last input that was sent to this owner, and to any.
    sent: u64,
    sent_to_any: u64,
    /// The last batch of this epoch.
    batch: u64,
    owes_receipt: bool,
    waiting: BTreeMap<u64, u64>,
    /// Whether they have changed since the owner was told.
    has_changed: bool,
    /// When inputs were last sent again, or progress was seen.
    sent_at: Option<Time>,
    has_progress: bool,
    /// When the owner was last looked up, and the epoch that was known then.
    looked_at: Option<(Time, u64)>,
    effects: Vec<Effect>,
}

/// A client at this edge.
#[derive(Debug, Clone)]
struct Present {
    member: Member,
    /// The numbers of the inputs that tell of its coming and going.
    joined: u64,
    left: Option<u64>,
}

/// Something for the node to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Find the room's owner, or claim the room. [`Edge::found`] tells the outcome.
    Find,
    /// Outputs for clients.
    Deliver(Vec<Output>),
    /// Close these clients: outputs for them are lost. [`Edge::leave`] follows for each.
    Close(Vec<u64>),
    /// Nobody knows whether these inputs were handled. They are not sent again.
    Dropped(Vec<Input>),
    /// The records say that the node's life is over.
    Gone,
    /// The records are older than they were: this edge ends, and its clients are closed.
    Restored,
}

impl Edge {
    /// An edge without clients. `session` is higher than that of any edge that this life has had for the room, and than [`Edge::last_input`]
    /// of each. The first input has the session's number.
    ///
    /// So a mark that an owner has of a session before is never ahead of this one.
    #[must_use]
    pub fn new(session: u64, timing: Timing, limits: Limits) -> Self {
        Self {
            session,
            timing,
            limits,
            owner: None,
            epoch: 0,
            owner_of_epoch: None,
            is_welcome: false,
            presenting: None,
            members: BTreeMap::new(),
            pending: Pending::after(session.saturating_sub(1)),
            sent: 0,
            sent_to_any: 0,
            batch: 0,
            owes_receipt: false,
            waiting: BTreeMap::new(),
            has_changed: false,
            sent_at: None,
            has_progress: false,
            looked_at: None,
            effects: Vec::new(),
        }
    }

    /// A client joins.
    pub fn join(&mut self, id: u64, state: Bytes) {
        let joined = self.pending.push(Input { member: id, event: Event::Joined, payload: state.clone() });
        self.members.insert(id, Present { member: Member { id, join: 0, state }, joined, left: None });
    }

    /// A client has sent a message, or something else is to be told of it.
    pub fn message(&mut self, member: u64, payload: Bytes) {
        if self.is_present(member) {
            self.pending.push(Input { member, event: Event::Message, payload });
        }
    }

    /// Something comes for the room that is no member's.
    pub fn ask(&mut self, payload: Bytes) {
        self.pending.push(Input { member: 0, event: Event::Asked, payload });
    }

    /// A client has left.
    pub fn leave(&mut self, member: u64, cause: Bytes) {
        if let Some(present) = self.members.get_mut(&member).filter(|present| present.left.is_none()) {
            present.left = Some(self.pending.push(Input { member, event: Event::Left, payload: cause }));
            self.waiting.remove(&member);
        }
    }

    /// The bytes that wait for a client have crossed the soft limit, or are gone: 0. The owner is told all of them with each receipt, so a
    /// lost one costs nothing but time. The last one may be lost: that no bytes wait any more is to be told by an input, too.
    pub fn waits(&mut self, member: u64, bytes: u64) {
        match bytes {
            0 => drop(self.waiting.remove(&member)),
            _ => drop(self.waiting.insert(member, bytes)),
        }
        self.has_changed = true;
    }

    /// Whether a client is here.
    #[must_use]
    pub fn is_present(&self, member: u64) -> bool {
        self.members.get(&member).is_some_and(|present| present.left.is_none())
    }

    /// Whether a client is here, or its leaving does not count yet.
    #[must_use]
    pub fn knows(&self, member: u64) -> bool {
        self.members.contains_key(&member)
    }

    /// The clients here.
    pub fn present(&self) -> impl Iterator<Item = u64> {
        self.members.iter().filter(|(_, present)| present.left.is_none()).map(|(id, _)| *id)
    }

    /// The clients here with their numbers in the order of joins: 0 until the owner has told it.
    pub fn joined(&self) -> impl Iterator<Item = (u64, u64)> {
        let present = self.members.iter().filter(|(_, present)| present.left.is_none());
        present.map(|(id, present)| (*id, present.member.join))
    }

    /// Whether the edge reads no more from the room's clients for now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pending.len() >= self.limits.inputs || self.pending.bytes() >= self.limits.input_bytes
    }

    /// Whether the node can forget this edge, after [`Edge::bye`].
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.members.is_empty() && self.is_at_rest()
    }

    /// Whether nothing is on its way, and nothing is due until something happens.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let has_settled = self.owner.is_some() && self.is_welcome && self.presenting.is_none();
        (self.is_idle() || has_settled) && self.is_at_rest() && !self.owes_receipt && !self.has_changed
    }

    /// Its session.
    #[must_use]
    pub fn session(&self) -> u64 {
        self.session
    }

    /// The number of its last input, or the one before the first.
    #[must_use]
    pub fn last_input(&self) -> u64 {
        self.pending.last()
    }

    /// The highest epoch that this has heard of.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether all inputs count.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.pending.len() == 0
    }

    /// Tells the owner that this session is over. The message may be lost, so a node also answers outputs for a session that it does not
    /// have any more with [`Message::Bye`].
    #[must_use]
    pub fn bye(&self) -> Option<Letter> {
        self.owner.filter(|_| self.is_welcome).map(|owner| self.letter(owner, Message::Bye))
    }

    /// The owner and the epoch of the room, as its last record tells: the answer to [`Effect::Find`].
    pub fn found(&mut self, owner: Life, epoch: u64) {
        let Some((_, known)) = self.looked_at else { return };
        if epoch < known {
            self.effects.push(Effect::Restored);
        }
        if self.owner.is_some() || !self.enter(owner, epoch) {
            return;
        }
        self.owner = Some(owner);
        self.looked_at = None;
        self.sent_at = None;
    }

    /// This node owns the room in this epoch, or has given it up and has not heard that its release is stored. Then the edge looks again.
    pub fn found_here(&mut self, owner: Life, epoch: u64) {
        if epoch >= self.epoch {
            self.found(owner, epoch);
        }
    }

    /// The records of nodes have changed: the owner may be gone.
    pub fn see(&mut self, neighbours: &Neighbours) {
        if self.owner.is_some_and(|owner| neighbours.is_gone(owner)) {
            self.owner = None;
        }
    }

    /// The messages since the last call, and those that are sent again.
    pub fn poll(&mut self, now: Time) -> Vec<Letter> {
        let is_due = |at: Time| now < at || now >= at + self.timing.resend;
        let Some(owner) = self.owner else {
            if !self.is_idle() && self.looked_at.is_none_or(|(at, _)| is_due(at)) {
                self.looked_at = Some((now, self.epoch));
                self.effects.push(Effect::Find);
            }
            return Vec::new();
        };
        // The time runs while something is on its way and nothing comes back.
        let rests = self.is_welcome && self.presenting.is_none() && self.sent <= self.pending.handled();
        if self.sent_at.is_some() && (std::mem::take(&mut self.has_progress) || rests) {
            self.sent_at = Some(now);
        }
        let is_overdue = self.sent_at.is_none_or(is_due);
        let mut messages = Vec::new();
        if !self.is_welcome {
            messages.extend(is_overdue.then_some(Message::Attach));
        } else {
            if is_overdue {
                messages.extend(self.presenting.clone());
                self.sent = self.pending.handled();
            }
            messages.extend(self.inputs());
            if self.owes_receipt || self.has_changed {
                (self.owes_receipt, self.has_changed) = (false, false);
                let waiting = self.waiting.iter().map(|(member, bytes)| (*member, *bytes)).collect();
                messages.push(Message::Received { batch: self.batch, waiting });
            }
        }
        if is_overdue {
            self.sent_at = Some(now);
        }
        messages.into_iter().map(|message| self.letter(owner, message)).collect()
    }

    fn inputs(&mut self) -> Option<Message> {
        self.sent = self.sent.max(self.pending.handled());
        let through = self.pending.last().min(self.pending.handled() + self.limits.window as u64);
        if through <= self.sent {
            return None;
        }
        let message = Message::Inputs { first: self.sent + 1, inputs: self.pending.between(self.sent, through) };
        self.sent = through;
        self.sent_to_any = self.sent_to_any.max(through);
        Some(message)
    }

    /// The node's tasks since the last call.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    fn letter(&self, to: Life, message: Message) -> Letter {
        Letter { to, epoch: self.epoch, session: self.session, message }
    }

    /// The room has this owner in this epoch. Returns false if the epoch is over.
    fn enter(&mut self, owner: Life, epoch: u64) -> bool {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.owner_of_epoch = Some(owner);
            self.is_welcome = false;
            self.presenting = None;
            self.batch = 0;
            self.owes_receipt = false;
            self.has_changed = !self.waiting.is_empty();
        } else if epoch == self.epoch && self.owner_of_epoch != Some(owner) {
            // A sequence counts once, unless the stream has lost records.
            self.effects.push(Effect::Restored);
            return false;
        }
        epoch == self.epoch
    }
}
