//! The turn of one handler: its outputs, and the way to undo its changes of the room's tables.

use std::sync::Arc;

use super::effect::{Decision, Effect, Frame, Target};
use super::mark::Mark;
use super::store::Written;
use super::undo::Undo;
use crate::bus::Event;
use crate::protocol;
use crate::store::Write;

/// The largest frame that is copied to each receiver; larger ones are shared by reference. Copying 1 KiB takes about as long as
/// a reference count and one more slice in the vectored write.
pub const COPIED_UP_TO_BYTES: usize = 1024;
/// The most bytes that one handler may send.
const MAX_BYTES: usize = 64 << 20;
/// The most effects of one handler.
const MAX_EFFECTS: usize = 100_000;
/// The most deliveries of one handler, each of one frame to one client. Making them takes a second or two, in pieces.
const MAX_DELIVERIES: usize = 10_000_000;
/// The most changes of the room's tables that one handler may make, where the contract knows a `limit`.
const MAX_CHANGES: usize = 100_000;

/// One handler's turn. It is committed whole or dropped whole.
///
/// The room uses its buffers again for the next turn, so that a handler allocates nothing.
#[derive(Debug, Default)]
pub struct Turn {
    pub(super) effects: Vec<Effect>,
    /// Holds the small frames.
    pub(super) small: Vec<u8>,
    /// Counts the bytes of all frames, and of lists of clients.
    pub(super) bytes: usize,
    pub(super) deliveries: usize,
    /// In a batch: the end of the turns of the handlers before this one, which the other counts leave out.
    pub(super) mark: Mark,
    /// The changes of the room's tables, the oldest first.
    pub(super) undo_log: Vec<Undo>,
    /// The room's `admitting` before this turn, if the turn has changed it.
    pub(super) admitting_before: Option<bool>,
    /// Whether a client is let in.
    admits: bool,
    /// Whether a message to another room is among the effects.
    pub(super) sends_events: bool,
    /// The stored message that its commit takes off.
    pub(super) received: Option<Arc<Event>>,
    /// Stored messages, with their senders, and requests to HTTP servers, on which earlier handlers have failed: its commit takes them off.
    pub(super) had: (Vec<(Arc<str>, u64)>, Vec<u64>),
    /// Whether a plain HTTP request is answered, and not with an error.
    serves: bool,
    /// The writes to the store.
    pub(super) written: Written,
    /// The number of the commit that makes it durable; 0 if it writes nothing to a journal.
    pub(super) commit: u64,
}

impl Turn {
    /// Whether a frame of this many bytes still fits; for 0 bytes, whether any effect does.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.effects.len() - self.mark.effects < MAX_EFFECTS && self.bytes + bytes <= MAX_BYTES
    }

    /// Whether the room's tables may be changed once more.
    pub(super) fn may_change(&self) -> bool {
        self.undo_log.len() < MAX_CHANGES
    }

    /// Counts the deliveries of a frame to this many clients. Returns false if that is too many.
    pub(super) fn may_reach(&mut self, receivers: usize) -> bool {
        let deliveries = self.deliveries + receivers;
        let may = deliveries <= MAX_DELIVERIES;
        if may {
            self.deliveries = deliveries;
        }
        may
    }

    /// Encodes a message once, for all of its receivers.
    pub(super) fn encode(&mut self, text: bool, payload: &[u8]) -> Frame {
        let len = protocol::message_len(payload.len());
        self.bytes += len;
        if len <= COPIED_UP_TO_BYTES {
            let start = self.small.len();
            protocol::write_message(&mut self.small, text, payload);
            return Frame::Small(start..self.small.len());
        }
        let mut frame = Vec::with_capacity(len);
        protocol::write_message(&mut frame, text, payload);
        Frame::Shared(frame.into())
    }

    pub(super) fn push(&mut self, effect: Effect) {
        // Lists of clients take memory too.
        self.bytes += match &effect {
            Effect::Send(Target::Members { except, over_soft, .. }, _) => size_of_val(&**except) + size_of_val(&**over_soft),
            Effect::Send(Target::Some { receivers, over_soft }, _) => size_of_val(&**receivers) + size_of_val(&**over_soft),
            Effect::Decide(_, decision) => {
                self.admits |= matches!(**decision, Decision::Accept(_));
                decision.memory()
            }
            Effect::Fetch(_, request) => request.bytes(),
            Effect::Event(event) => {
                self.sends_events = true;
                event.memory()
            }
            Effect::Respond(reply) => {
                self.serves |= reply.is_success();
                reply.memory()
            }
            _ => 0,
        };
        self.effects.push(effect);
    }

    /// Whether the turn lets a client in, which joins soon or never.
    pub fn admits(&self) -> bool {
        self.admits
    }

    /// Whether the turn answers a plain HTTP request, and not with an error.
    pub fn serves(&self) -> bool {
        self.serves
    }

    /// The number of the commit that makes the turn durable; 0 if it writes nothing to a journal.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// Whether it writes to a store in memory.
    pub fn writes_to_memory(&self) -> bool {
        self.commit == 0 && self.written.has_any()
    }

    /// Takes the writes that the journal makes durable.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.written.writes)
    }

    /// Takes the stored message that its commit takes off, if there is one.
    pub fn take_received(&mut self) -> Option<Arc<Event>> {
        self.received.take()
    }

    /// The outputs, in the order of the calls.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// The memory that its outputs take while they are held, in bytes: frames, lists of clients, and the effects themselves.
    pub fn memory(&self) -> usize {
        self.mark.bytes + self.bytes + size_of_val(&*self.effects)
    }

    /// A frame's bytes.
    pub fn bytes_of<'a>(&'a self, frame: &'a Frame) -> &'a [u8] {
        match frame {
            Frame::Small(range) => &self.small[range.clone()],
            Frame::Shared(bytes) => bytes,
        }
    }

    /// Empties the turn and keeps its buffers, up to a size: one handler with many effects must not hold memory for good.
    pub(super) fn clear(&mut self) {
        self.effects.clear();
        self.small.clear();
        self.undo_log.clear();
        self.written.clear();
        (self.admitting_before, self.admits, self.serves, self.commit) = (None, false, false, 0);
        (self.sends_events, self.received, self.had) = Default::default();
        (self.bytes, self.deliveries, self.mark) = Default::default();
        self.effects.shrink_to(1024);
        self.small.shrink_to(64 << 10);
        self.undo_log.shrink_to(1024);
    }
}
