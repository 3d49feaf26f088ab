//! The end of a turn: it is committed whole or dropped whole.

use super::effect::{Decision, Effect, Target, UpgradeId};
use super::member::LineId;
use super::turn::Turn;
use super::undo::Undo;
use super::{Room, State};
use crate::types::{ClientId, CloseInfo};

impl Room {
    /// Stages the decision about an upgrade request.
    pub(crate) fn decide(&mut self, id: UpgradeId, decision: Decision) {
        self.state_mut().turn.push(Effect::Decide(id, Box::new(decision)));
    }

    /// Stages the end of a member's connection, by the host. The caller commits it: it is not undone.
    pub(crate) fn end(&mut self, id: ClientId, info: CloseInfo) {
        let state = self.state_mut();
        let Some(member) = state.members.get(&id) else { return };
        if let Some(line) = member.line() {
            member.set_closing();
            state.turn.push(Effect::Close { id, line, info });
        }
    }

    /// Stages the reply to a client's close frame.
    pub(crate) fn reply(&mut self, id: ClientId, line: LineId, info: CloseInfo) {
        self.state_mut().turn.push(Effect::Reply(id, line, info));
    }

    /// Makes the turn's changes of the room's tables final and returns the turn, whose outputs are still to be made visible.
    /// The caller gives it back with `reuse`.
    pub(crate) fn commit(&mut self) -> Box<Turn> {
        let state = self.state_mut();
        let mut turn = state.take_turn();
        turn.undo_log.drain(..).for_each(|change| state.settle(&change));
        turn.admitting_before = None;
        state.drop_had(&mut turn);
        state.keep_fetches(&mut turn);
        state.keep_events(&mut turn);
        turn.commit = state.contents.commit(&turn.written.writes);
        turn
    }

    /// The turns up to this commit are durable.
    pub(crate) fn note_durable(&mut self, commit: u64) {
        self.state_mut().contents.note_durable(commit);
    }

    /// Gives a turn's buffers back for the next one, so that they are allocated once.
    pub(crate) fn reuse(&mut self, mut turn: Box<Turn>) {
        turn.clear();
        self.state_mut().spare_turn = Some(turn);
    }

    /// Drops the turn: its outputs, and its changes of the room's tables in reverse order. Returns the clients whose queues this
    /// empties and for which `on-drain` is still owed.
    #[must_use]
    pub(crate) fn roll_back(&mut self) -> Vec<ClientId> {
        let state = self.state_mut();
        let mut turn = state.take_turn();
        while let Some(change) = turn.undo_log.pop() {
            state.undo(change);
        }
        state.contents.undo_usage(&mut turn.written);
        if let Some(before) = turn.admitting_before.take() {
            state.admitting = before;
        }
        let mut drained = Vec::new();
        for effect in turn.effects() {
            if let Effect::Respond(reply) = effect {
                reply.unstage();
            }
            let Effect::Send(target, frame) = effect else { continue };
            let mut uncount = |id: &ClientId| {
                let Some(member) = state.members.get(id) else { return };
                member.sub_waiting(frame.len());
                if member.take_drained() {
                    drained.push(*id);
                }
            };
            match target {
                Target::One { id, .. } => uncount(id),
                Target::Some { receivers, .. } => receivers.iter().for_each(|(id, _)| uncount(id)),
                // Nobody joins while a handler runs.
                Target::Members { except, .. } => {
                    state.members.keys().filter(|id| except.binary_search(id).is_err()).for_each(uncount);
                }
            }
        }
        self.reuse(turn);
        drained
    }
}

impl State {
    /// Takes the turn, and begins the next one with the buffers of an earlier one.
    fn take_turn(&mut self) -> Box<Turn> {
        let next = self.spare_turn.take().unwrap_or_default();
        std::mem::replace(&mut self.turn, next)
    }
}

impl Drop for State {
    /// A room that ends in the middle of a turn has not written it: its store may outlive it.
    fn drop(&mut self) {
        let mut turn = std::mem::take(&mut self.turn);
        while let Some(change) = turn.undo_log.pop() {
            if let Undo::Write(unwrite) = change {
                self.contents.undo_write(*unwrite);
            }
        }
        self.contents.undo_usage(&mut turn.written);
    }
}
