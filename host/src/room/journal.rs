//! The way back: what a failed handler changed in the room's tables, undone in reverse.

use std::sync::Arc;

use bytes::Bytes;

use super::staged::{Effect, Target};
use super::timers::Timer;
use super::{Room, State};
use crate::types::ClientId;

/// How to undo one change.
#[derive(Debug)]
pub(super) enum Undo {
    Attachment(ClientId, Bytes),
    Subscribed(ClientId, Arc<str>),
    Unsubscribed(ClientId, Arc<str>),
    TimerSet(u64),
    TimerCancelled(u64, Timer),
    Closing(ClientId),
}

/// The changes of one handler, the first one first.
pub(super) type Journal = Vec<Undo>;

/// How many changes one handler may make, where the contract knows a `limit`.
pub(super) const MAX_CHANGES: usize = 100_000;

impl Room {
    /// Drops what the handler has staged and undoes what it has changed. Answers for whom nothing waits any more by that,
    /// whose drain the app counts on since an earlier handler.
    #[must_use]
    pub(crate) fn roll_back(&mut self) -> Vec<ClientId> {
        let mut drained = Vec::new();
        let state = self.state_mut();
        while let Some(undo) = state.journal.pop() {
            state.undo(undo);
        }
        if let Some(before) = state.admitting_before.take() {
            state.admitting = before;
        }
        for effect in state.staged.effects() {
            let Effect::Send(target, frame) = effect else { continue };
            let mut uncount = |id: &ClientId| {
                let Some(member) = state.members.get(id) else { return };
                member.sub_waiting(frame.len());
                member.forget_over_soft();
                if member.take_drained() {
                    drained.push(*id);
                }
            };
            match target {
                Target::One(id, _) => uncount(id),
                Target::Some(receivers) => receivers.iter().for_each(|(id, _)| uncount(id)),
                Target::AllBut(except) => {
                    let receivers = state.members.keys().filter(|id| except.binary_search(id).is_err());
                    receivers.for_each(uncount);
                }
            }
        }
        state.staged.clear();
        drained
    }
}

impl State {
    /// The handler's changes are final: there is no way back any more.
    pub(super) fn settle(&mut self) {
        self.admitting_before = None;
        for undo in self.journal.drain(..) {
            match undo {
                Undo::Attachment(id, _) => {
                    if let Some(luggage) = self.luggage.get_mut(&id) {
                        luggage.attachment_is_journalled = false;
                    }
                }
                Undo::TimerSet(id) => self.timers.settle(id),
                _ => {}
            }
        }
        // One handler that changed a lot must not hold the memory for good.
        self.journal.shrink_to(1024);
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Attachment(id, before) => {
                if let Some(luggage) = self.luggage.get_mut(&id) {
                    luggage.attachment_is_journalled = false;
                    luggage.attachment = before;
                }
            }
            Undo::Subscribed(id, topic) => self.unsubscribe(id, &topic),
            Undo::Unsubscribed(id, topic) => self.subscribe(id, &topic),
            Undo::TimerSet(id) => {
                self.timers.cancel(id);
            }
            Undo::TimerCancelled(id, timer) => self.timers.restore(id, timer),
            Undo::Closing(id) => {
                if let Some(member) = self.members.get(&id) {
                    member.set_closed_by_app(false);
                    member.set_closing(false);
                }
            }
        }
    }
}
