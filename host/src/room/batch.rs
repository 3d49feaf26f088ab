//! A batch: messages that one call of the app handles one after the other.
//!
//! Each message is a handler's call of its own: its turn is committed whole or dropped whole. As long as the handlers do nothing but
//! send, their turns are one after the other in the same buffers. The first handler that does more, or fails, ends the batch.

use std::collections::VecDeque;
use std::time::Instant;

use super::effect::{Effect, Frame};
use super::mark::Mark;
use super::turn::Turn;
use super::{Room, State};
use crate::types::{ClientId, Message};

/// A message of a client, and the time at which it arrived.
pub(crate) type Waiting = (Instant, ClientId, Message);

/// The batch that runs, if one does.
#[derive(Debug, Default)]
pub(super) struct Batch {
    waiting: VecDeque<Waiting>,
    is_running: bool,
    /// The messages that a handler has been called with.
    begun: u32,
    /// The sender of the last of them.
    from: Option<ClientId>,
}

/// The end of a batch.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How many messages a handler was called with.
    pub begun: u32,
    /// The sender of the last of them.
    pub from: Option<ClientId>,
    /// The turns of the handlers before the last one, unless the last one's turn can be committed together with them.
    pub earlier: Option<Box<Turn>>,
}

impl Room {
    /// Adds a message to the batch that the app is called with next.
    pub(crate) fn add_to_batch(&mut self, message: Waiting) {
        self.state_mut().batch.waiting.push_back(message);
    }

    /// The app is called with the batch.
    pub(crate) fn begin_batch(&mut self) {
        let batch = &mut self.state_mut().batch;
        (batch.is_running, batch.begun, batch.from) = (true, 0, None);
    }

    /// The handler of the message before, if there was one, has returned. Returns the next message, or none: the batch is to end.
    pub(crate) fn next_message(&mut self) -> Option<(ClientId, Message)> {
        let state = self.state_mut();
        if !state.batch.is_running || state.batch.begun > 0 && !(state.turn.seal() && state.turn.may_be_shared()) {
            return None;
        }
        loop {
            let (_, from, message) = state.batch.waiting.pop_front()?;
            if state.hears(from) {
                state.batch.begun += 1;
                state.batch.from = Some(from);
                return Some((from, message));
            }
        }
    }

    /// The app's call has returned, or has failed. The room's turn is now that of the last handler, and of those before it if all can be committed together.
    pub(crate) fn end_batch(&mut self, has_failed: bool) -> Ended {
        let state = self.state_mut();
        state.batch.is_running = false;
        let goes_alone = has_failed || !state.turn.seal();
        let earlier = goes_alone.then(|| state.split_turn()).flatten();
        Ended { begun: state.batch.begun, from: state.batch.from, earlier }
    }

    /// Takes out the next message of the batch that no handler was called with, the last one first.
    pub(crate) fn take_left_over(&mut self) -> Option<Waiting> {
        self.state_mut().batch.waiting.pop_back()
    }
}

impl State {
    /// Whether messages of this client are to be handled.
    pub(super) fn hears(&self, id: ClientId) -> bool {
        self.members.get(&id).is_some_and(|member| member.is_heard())
    }

    /// Splits the turns before the mark off, if there are any.
    fn split_turn(&mut self) -> Option<Box<Turn>> {
        if self.turn.has_sealed() {
            let mut earlier = self.spare_turn.take().unwrap_or_default();
            self.turn.split_into(&mut earlier);
            return Some(earlier);
        }
        None
    }
}

/// The most that a turn may hold for the next handler to share it. The outboxes get it only when the batch ends.
const MAX_SHARED_BYTES: usize = 16 << 10;
const MAX_SHARED_EFFECTS: usize = 1024;
const MAX_SHARED_DELIVERIES: usize = 10_000;

impl Turn {
    /// Marks the end of the turn of a handler that has returned, if it has sent and done nothing else. Returns whether that is so.
    fn seal(&mut self) -> bool {
        let is_plain = self.undo_log.is_empty()
            && self.admitting_before.is_none()
            && !self.written.has_any()
            && self.effects[self.mark.effects..].iter().all(|effect| matches!(effect, Effect::Send(..)));
        if !is_plain {
            return false;
        }
        self.mark = Mark {
            effects: self.effects.len(),
            small: self.small.len(),
            bytes: self.mark.bytes + std::mem::take(&mut self.bytes),
            deliveries: self.mark.deliveries + std::mem::take(&mut self.deliveries),
        };
        true
    }

    /// Whether there is room for the turn of another handler.
    fn may_be_shared(&self) -> bool {
        let Mark { effects, bytes, deliveries, .. } = self.mark;
        effects < MAX_SHARED_EFFECTS && bytes < MAX_SHARED_BYTES && deliveries < MAX_SHARED_DELIVERIES
    }

    fn has_sealed(&self) -> bool {
        self.mark.effects > 0
    }

    /// Moves the turns of earlier handlers into an empty turn.
    fn split_into(&mut self, earlier: &mut Self) {
        let mark = std::mem::take(&mut self.mark);
        earlier.effects.extend(self.effects.drain(..mark.effects));
        earlier.small.extend(self.small.drain(..mark.small));
        (earlier.bytes, earlier.deliveries) = (mark.bytes, mark.deliveries);
        for effect in &mut self.effects {
            if let Effect::Send(_, Frame::Small(range)) = effect {
                *range = range.start - mark.small..range.end - mark.small;
            }
        }
    }
}
