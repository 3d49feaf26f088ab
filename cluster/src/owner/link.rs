//! The way from an owner to one edge.

use std::collections::VecDeque;

use crate::limits::Limits;
use crate::message::{Batch, Member, Message, Output};
use crate::timing::Time;

/// An owner's state of an edge that has told its members.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) session: u64,
    /// The number of the last input that has arrived.
    pub(super) arrived: u64,
    /// The number of the last input that counts, and of that the edge may know.
    pub(super) handled: u64,
    /// Whether the node's life is over. Its inputs are still handled.
    pub(super) is_gone: bool,
    told: u64,
    batches: u64,
    unconfirmed: VecDeque<Batch>,
    bytes: usize,
    members: Vec<Member>,
    outputs: Vec<Output>,
    sent_at: Time,
}

impl Link {
    pub(super) fn new(session: u64, handled: u64, now: Time) -> Self {
        Self {
            session,
            arrived: handled,
            handled,
            is_gone: false,
            // The edge waits for a first sign that its members have arrived.
            told: handled.wrapping_sub(1),
            batches: 0,
            unconfirmed: VecDeque::new(),
            bytes: 0,
            members: Vec::new(),
            outputs: Vec::new(),
            sent_at: now,
        }
    }

    pub(super) fn add_member(&mut self, member: Member) {
        self.members.push(member);
    }

    pub(super) fn add_output(&mut self, output: Output) {
        self.outputs.push(output);
    }

    /// Makes a batch of what has been added, or tells that inputs count.
    pub(super) fn flush(&mut self, now: Time, limits: &Limits) -> Option<Message> {
        if self.outputs.is_empty() && self.members.is_empty() {
            let has_news = self.told != self.handled;
            self.told = self.handled;
            return has_news.then_some(Message::Handled(self.handled));
        }
        let (members, outputs) = (std::mem::take(&mut self.members), std::mem::take(&mut self.outputs));
        let batch = self.push(Batch { members, outputs, ..Batch::default() }, now);
        let is_over = self.unconfirmed.len() > limits.batches || self.bytes > limits.batch_bytes;
        if is_over { Some(self.cut(now)) } else { Some(Message::Outputs(batch)) }
    }

    /// Drops everything that the edge has not confirmed. The edge closes its members.
    pub(super) fn cut(&mut self, now: Time) -> Message {
        self.unconfirmed.clear();
        self.bytes = 0;
        Message::Outputs(self.push(Batch { cuts: true, ..Batch::default() }, now))
    }

    fn push(&mut self, mut batch: Batch, now: Time) -> Batch {
        self.batches += 1;
        self.told = self.handled;
        (batch.number, batch.handled) = (self.batches, self.handled);
        if self.unconfirmed.is_empty() {
            self.sent_at = now;
        }
        self.bytes += size(&batch);
        self.unconfirmed.push_back(batch.clone());
        batch
    }

    /// The batches up to this one have arrived, as is known by now.
    pub(super) fn through(&self) -> u64 {
        self.batches - self.unconfirmed.len() as u64
    }

    /// The batches up to this one have arrived. Returns their outputs.
    pub(super) fn confirmed(&mut self, batch: u64, now: Time) -> Vec<Output> {
        let mut outputs = Vec::new();
        while let Some(first) = self.unconfirmed.pop_front_if(|first| first.number <= batch) {
            self.bytes -= size(&first);
            self.sent_at = now;
            outputs.extend(first.outputs);
        }
        outputs
    }

    /// The batches to send again.
    pub(super) fn overdue(&mut self, now: Time, resend: Time, window: usize) -> Vec<Batch> {
        if now < self.sent_at {
            self.sent_at = now;
        }
        if self.unconfirmed.is_empty() || now < self.sent_at + resend {
            return Vec::new();
        }
        self.sent_at = now;
        self.unconfirmed.iter().take(window).cloned().collect()
    }

    /// Whether the edge knows which inputs count.
    pub(super) fn has_told(&self) -> bool {
        self.told == self.handled
    }

    /// Whether the edge has everything.
    pub(super) fn is_at_rest(&self) -> bool {
        self.unconfirmed.is_empty() && self.outputs.is_empty() && self.members.is_empty()
    }
}

fn size(batch: &Batch) -> usize {
    let outputs: usize = batch.outputs.iter().map(|output| output.payload.len() + 8 * output.to.len()).sum();
    outputs + batch.members.iter().map(|member| member.state.len()).sum::<usize>()
}
