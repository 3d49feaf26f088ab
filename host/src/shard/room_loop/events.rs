//! Messages of other rooms.

use std::sync::Arc;

use super::containment::Blamed;
use super::{RoomLoop, Work};
use crate::app::Launch;
use crate::bus::Event;
use crate::shard::handlers::call;
use crate::shard::input::{Input, What};

impl<L: Launch> RoomLoop<L> {
    /// Whether a message of another room is the next input. Such messages and the other inputs take turns.
    pub(super) fn is_event_next(&mut self) -> bool {
        let events = &self.task.events;
        if events.is_empty() || events.was_last() && !self.task.mailbox.is_empty() {
            return false;
        }
        let takes_events = events.paused_until().is_none() && self.release.app().is_some();
        self.task.events.hold_up(!takes_events);
        takes_events
    }

    /// Takes the oldest message of another room.
    pub(super) fn take_event(&mut self) -> Option<Work<L>> {
        self.in_a_row += 1;
        self.task.events.pop().map(|(at, event)| Work::Input(Input { at, what: What::Event(event) }))
    }

    /// Runs the handler of a message of another room.
    pub(super) async fn run_event(&mut self, event: Arc<Event>) {
        self.occupancy.note_event();
        let Some(app) = self.release.app() else { return };
        let outcome = call(app, &mut self.room, What::Event(event)).await;
        if outcome.is_ok() {
            self.release.note_event();
        }
        self.settle(outcome, Blamed::Room).await;
    }

    /// The app keeps failing on messages of other rooms. The room takes none for a while, and they wait.
    pub(super) fn hold_off_rooms(&self) {
        let cool_down = self.shard.limits().restart_window;
        self.task.events.pause(self.shard.time() + cool_down);
        if let Some(more) = self.shard.log_limits().open_circuits.allows(self.shard.time()) {
            tracing::error!(
                room = crate::log::in_short(self.room.name()),
                "the application has failed too often on messages of other rooms: they wait for {cool_down:?}{more}"
            );
        }
    }
}
