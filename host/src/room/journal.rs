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
    Admitting(bool),
}

pub(super) type Journal = Vec<Undo>;

impl Room {
    /// Drops what the handler has staged and undoes what it has changed.
    pub(crate) fn roll_back(&mut self) {
        let state = self.state_mut();
        while let Some(undo) = state.journal.pop() {
            state.undo(undo);
        }
        for effect in state.staged.effects() {
            let Effect::Send(target, frame) = effect else { continue };
            let uncount = |id: &ClientId| {
                if let Some(member) = state.members.get(id) {
                    member.peer.sub_waiting(frame.len());
                }
            };
            match target {
                Target::One(id, _) => uncount(id),
                Target::Some(receivers) => receivers.iter().for_each(|(id, _)| uncount(id)),
                Target::AllBut(_) => {}
            }
        }
        state.staged.clear();
    }
}

impl State {
    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Attachment(id, before) => {
                if let Some(member) = self.members.get_mut(&id) {
                    member.attachment = before;
                }
            }
            Undo::Subscribed(id, topic) => self.unsubscribe(id, &topic),
            Undo::Unsubscribed(id, topic) => self.subscribe(id, &topic),
            Undo::TimerSet(id) => {
                self.timers.cancel(id);
            }
            Undo::TimerCancelled(id, timer) => self.timers.restore(id, timer),
            Undo::Closing(id) => {
                if let Some(member) = self.members.get_mut(&id) {
                    member.closed_by_app = false;
                    member.peer.set_closing(false);
                }
            }
            Undo::Admitting(before) => self.admitting = before,
        }
    }
}
