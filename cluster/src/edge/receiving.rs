//! Messages of owners.

use super::{Edge, Effect};
use crate::life::Life;
use crate::message::{Batch, Event, Message};

impl Edge {
    /// A message of an owner, or of a node that is taken for one.
    pub fn receive(&mut self, from: Life, epoch: u64, session: u64, message: Message) {
        if (session != self.session && message != Message::Call) || epoch < self.epoch {
            return;
        }
        match message {
            Message::Gone => self.effects.push(Effect::Gone),
            Message::NotOwner if epoch == self.epoch && self.owner == Some(from) => self.owner = None,
            Message::Call => self.called(from, epoch),
            Message::Welcome { handled } => self.welcomed(from, epoch, handled),
            Message::Handled(number) if self.hears(from, epoch) => self.acknowledge(number),
            Message::Outputs(batch) if self.hears(from, epoch) => self.take(batch),
            _ => {}
        }
    }

    /// Whether the message comes from the owner that has welcomed this edge. It shows that the owner has its members.
    fn hears(&mut self, from: Life, epoch: u64) -> bool {
        let is_owner = self.is_welcome && epoch == self.epoch && self.owner.is_none_or(|owner| owner == from);
        if is_owner {
            self.presenting = None;
        }
        is_owner
    }

    /// A new owner asks for members. A call may be late: only a welcome tells where this session stands.
    fn called(&mut self, from: Life, epoch: u64) {
        if self.enter(from, epoch) && !self.is_welcome && self.owner != Some(from) {
            self.owner = Some(from);
            self.looked_at = None;
            self.sent_at = None;
        }
    }

    fn welcomed(&mut self, from: Life, epoch: u64, handled: Option<u64>) {
        if !self.enter(from, epoch) || self.is_welcome {
            return;
        }
        (self.owner, self.looked_at, self.is_welcome) = (Some(from), None, true);
        match handled {
            // This life has sent no such input: a life of the lost time, which had the same first record, has.
            Some(number) if number > self.pending.last() => return self.effects.push(Effect::Restored),
            Some(number) => self.acknowledge(number),
            None => self.forget_sent(),
        }
        let handled = self.pending.handled();
        let is_told = |joined: u64, left: Option<u64>| joined <= handled && left.is_none_or(|left| left > handled);
        let told = self.members.values().filter(|present| is_told(present.joined, present.left));
        let members = told.map(|present| present.member.clone()).collect();
        self.presenting = Some(Message::Members { next: handled + 1, members });
        self.sent = handled;
        self.sent_at = None;
    }

    fn acknowledge(&mut self, number: u64) {
        let before = self.pending.handled();
        self.pending.acknowledge(number);
        let handled = self.pending.handled();
        self.has_progress |= handled > before;
        self.members.retain(|_, present| present.left.is_none_or(|left| left > handled));
    }

    /// Nobody knows which of the inputs that were sent have been handled. So they are not sent again, but for members that the
    /// owner may not know.
    fn forget_sent(&mut self) {
        let sent = self.sent_to_any;
        self.members.retain(|_, present| present.left.is_none_or(|left| left > sent));
        let mut dropped = Vec::new();
        for (number, input) in self.pending.take() {
            let present = self.members.get_mut(&input.member);
            match (input.event, present) {
                (Event::Joined, Some(present)) => present.joined = self.pending.push(input),
                (Event::Left, Some(present)) if number > sent => present.left = Some(self.pending.push(input)),
                (Event::Message, Some(_)) | (Event::Asked, _) if number > sent => drop(self.pending.push(input)),
                _ => dropped.push(input),
            }
        }
        if !dropped.is_empty() {
            self.effects.push(Effect::Dropped(dropped));
        }
    }

    fn take(&mut self, batch: Batch) {
        self.acknowledge(batch.handled);
        self.owes_receipt = true;
        let follows = batch.number == self.batch + 1 || (batch.cuts && batch.number > self.batch);
        if !follows {
            return;
        }
        self.batch = batch.number;
        if batch.cuts {
            let here = self.present().collect();
            self.effects.push(Effect::Close(here));
        }
        for member in batch.members {
            if let Some(present) = self.members.get_mut(&member.id) {
                present.member = member;
            }
        }
        if !batch.outputs.is_empty() {
            self.effects.push(Effect::Deliver(batch.outputs));
        }
    }
}
