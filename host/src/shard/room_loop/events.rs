//! Messages of other rooms.

use std::sync::Arc;
use std::time::Duration;

use super::containment::Blamed;
use super::{RoomLoop, Work};
use crate::app::Launch;
use crate::bus::Event;
use crate::shard::handlers::call;
use crate::shard::input::{Input, What};

/// How long stored messages wait before a journal is looked at again that takes no writes: their handlers would run for nothing.
const JOURNAL_PAUSE: Duration = Duration::from_millis(250);

impl<L: Launch> RoomLoop<L> {
    /// Whether a message of another room is the next input. Such messages and the other inputs take turns.
    pub(super) fn is_event_next(&mut self) -> bool {
        let events = &self.task.events;
        if events.is_empty() || events.was_last() && !self.task.mailbox.is_empty() {
            return false;
        }
        let is_refused = events.next_is_stored() && !self.room.takes_writes();
        if is_refused && events.paused_until().is_none() {
            events.pause(self.shard.time() + JOURNAL_PAUSE);
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
        let is_stored = event.is_stored();
        let Some(app) = self.release.app() else { return };
        let outcome = call(self.shard.resources(), app, &mut self.room, What::Event(event)).await;
        let has_failed = outcome.is_err();
        self.settle(outcome, Blamed::Room).await;
        if !has_failed {
            self.release.note_event();
        } else if is_stored {
            // The message was handled, and does not come again.
            self.commit().await;
        }
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
