//! The owner's deliveries to a room, past its app.

use super::RoomLoop;
use crate::app::Launch;
use crate::shard::command::Delivery;

impl<L: Launch> RoomLoop<L> {
    /// Delivers something to the members, or to the subscribers of a topic, as a turn of its own.
    pub(super) async fn deliver(&mut self, topic: Option<&str>, what: Delivery) {
        match (topic, what) {
            // The message is not too big: the owner's handle has checked that.
            (None, Delivery::Message(message)) => drop(self.room.broadcast(message)),
            (Some(topic), Delivery::Message(message)) => drop(self.room.publish(topic, message, &[])),
            (None, Delivery::Close(info)) => return self.close(&self.members(), &info).await,
            (Some(topic), Delivery::Close(info)) => {
                let ids: Vec<_> = self.room.subscribers(topic).collect();
                return self.close(&ids, &info).await;
            }
        }
        self.commit().await;
    }
}
