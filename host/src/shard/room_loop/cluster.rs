//! A room that a node of a cluster owns.

use std::rc::Rc;
use std::task::Poll;

use super::retirement::Legacy;
use super::{RoomLoop, Work};
use crate::app::{Launch, StartReason};
use crate::shard::cluster::{Owned, Started};
use crate::shard::effects;
use crate::shard::input::What;

impl<L: Launch> RoomLoop<L> {
    /// The same for a room that this node owns, and that starts like this.
    pub(in crate::shard) fn in_cluster(mut self, owned: Rc<Owned>, started: Started) -> Self {
        self.moved = match started.start {
            ws_cluster::Start::New => None,
            ws_cluster::Start::Handover => Some(StartReason::Handover),
            ws_cluster::Start::Recovery | ws_cluster::Start::Takeover => Some(StartReason::Failover),
        };
        self.room.track_changes();
        for survivor in started.survivors {
            self.occupancy.note_joined();
            self.room.rejoin(survivor.member, survivor.join, (survivor.attachment, &survivor.topics));
        }
        self.room.take_changed();
        self.owned = Some(owned);
        self
    }

    /// The loop's next step if its turns have become visible. Pending while the room must not run.
    pub(super) fn wait_for_cluster(&self) -> Option<Poll<Work<L>>> {
        let owned = self.owned.as_ref()?;
        if owned.has_released() {
            return Some(Poll::Ready(Work::Visible));
        }
        (!owned.may_run()).then_some(Poll::Pending)
    }

    /// The next input of an edge. Timers that are due come first.
    pub(super) fn take_of_cluster(&mut self) -> Option<Work<L>> {
        self.owned.as_ref()?;
        let now = self.shard.time();
        if self.next_due().is_some_and(|due| due <= now)
            && let Some(work) = self.take_due(now)
        {
            return Some(work);
        }
        loop {
            let input = self.owned.as_ref()?.take()?;
            let What::Event(event) = input.what else { return Some(Work::Input(input)) };
            self.task.events.push(input.at, event);
            if self.is_event_next() {
                return self.take_event();
            }
            // Messages of other rooms are held up, as on one node. The input counts without its handler, and those behind it go on.
            self.end_step();
        }
    }

    /// Whether edges have something for the room, or it for them or for other rooms.
    pub(super) fn is_needed_elsewhere(&self) -> bool {
        self.owned.as_ref().is_some_and(|owned| !owned.rules().borrow().is_idle() || owned.has_letters())
    }

    /// A piece of work is done: its outputs go to the edges.
    pub(super) fn end_step(&self) {
        if let Some(owned) = &self.owned {
            self.task.note_members(self.room.count());
            owned.end_step();
        }
    }

    /// Does what waited until its turns were visible.
    pub(super) fn show_visible(&mut self) {
        let Some(owned) = self.owned.clone() else { return };
        while let Some(turn) = owned.released() {
            effects::apply_outside(&self.shard, &self.exchanges, &turn, &owned);
            self.room.reuse(turn);
        }
    }

    /// Gives the room up, with its state. Its members go on at the node that claims it next.
    pub(super) async fn hand_over(&mut self, owned: &Rc<Owned>) {
        owned.drain().await;
        self.show_visible();
        let legacy: Legacy = match self.legacy().await {
            Some(legacy) => legacy,
            None => self.unsaved(),
        };
        if let Some(journal) = self.room.journal().cloned() {
            self.write_down(legacy, &*journal);
        }
        if owned.is_durable() {
            self.commit().await;
            owned.end_step();
            owned.drain().await;
            return owned.release(None).await;
        }
        let turn = self.room.commit();
        let state = owned.state_with(&self.room, turn).await;
        owned.release(state).await;
    }
}
