//! Messages that wait one behind the other, and are handled in one call of the app.

use std::pin::pin;

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::Launch;
use crate::room::Ended;
use crate::shard::gathering::{MAX_MESSAGE_BYTES, MAX_MESSAGES};
use crate::shard::handler::Handler;
use crate::shard::handlers::measured;
use crate::shard::input::{Input, What};

impl<L: Launch> RoomLoop<L> {
    /// Makes a batch of a message and those that wait behind it. Gives the input back if it is to be handled by itself.
    ///
    /// A message that is measured or traced is handled by itself. A timer that is due between two messages ends the batch.
    pub(super) fn gather(&mut self, first: Input) -> Result<(), Input> {
        let times = &self.shard.resources().counts.handlers;
        let Input { at, what: What::Message(from, message) } = first else { return Err(first) };
        let alone = |message| Err(Input { at, what: What::Message(from, message) });
        if self.task.mailbox.is_empty() || message.as_bytes().len() > MAX_MESSAGE_BYTES || !self.room.hears(from) {
            return alone(message);
        }
        let takes_batches = self.release.app().is_some_and(|app| L::takes_batches(app));
        let max = times.until_sample(Handler::Message).min(MAX_MESSAGES);
        if !takes_batches || max < 2 || self.owned.is_some() || self.room.wants_span() || !self.task.events.is_empty() {
            return alone(message);
        }
        let due = self.next_due();
        let Some(second) = self.task.mailbox.pop_message(MAX_MESSAGE_BYTES, due) else { return alone(message) };
        self.room.add_to_batch((at, from, message));
        self.room.add_to_batch(second);
        let more = std::iter::from_fn(|| self.task.mailbox.pop_message(MAX_MESSAGE_BYTES, due));
        more.take(max - 2).for_each(|message| self.room.add_to_batch(message));
        Ok(())
    }

    /// Handles the batch. Each of its messages is a turn, as if it were handled by itself.
    pub(super) async fn handle_batch(&mut self) {
        let Some(app) = self.release.app() else { return };
        let by = self.shard.resources();
        self.room.begin_batch();
        let outcome = measured(by, Handler::Message, pin!(L::on_batch(app, &mut self.room))).await;
        let Ended { begun, from, earlier } = self.room.end_batch(outcome.is_err());
        by.counts.handlers.note_more(Handler::Message, begun.saturating_sub(1));
        // They come before the inputs that the turns cause.
        while let Some(message) = self.room.take_left_over() {
            self.task.mailbox.put_back(message);
        }
        if let Some(earlier) = earlier {
            self.publish(earlier).await;
        }
        self.settle(outcome, from.map_or(Blamed::Nobody, Blamed::Client)).await;
    }
}
