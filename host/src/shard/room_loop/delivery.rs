//! The owner's deliveries to a room, past its app.

use std::sync::Arc;

use super::RoomLoop;
use crate::app::Launch;
use crate::room::{LineId, Member};
use crate::shard::command::Delivery;
use crate::shard::orders::To;
use crate::shard::reach::Reach;
use crate::shard::tally::Tally;
use crate::types::{ClientId, CloseInfo, Message};

impl<L: Launch> RoomLoop<L> {
    /// Delivers something to clients of the room, as a turn of its own.
    pub(super) async fn deliver(&mut self, to: To, what: Delivery, tally: Tally) {
        match what {
            Delivery::Message(message) => self.queue(to, message, &tally),
            Delivery::Close(info) => self.disconnect(&to, &info, &tally),
        }
        // They are counted: nobody has to wait for the journal.
        drop(tally);
        self.commit().await;
    }

    /// The message is not too big: the owner's handle has checked that.
    fn queue(&mut self, to: To, message: Message, tally: &Tally) {
        match to {
            To::Members => {
                tally.add(self.room.members().filter(|member| member.open_line().is_some()).count());
                let _ = self.room.broadcast(message);
            }
            To::Topic(topic) => {
                tally.add(self.room.subscribers(&topic).filter(|id| self.room.reaches(*id)).count());
                let _ = self.room.publish(&topic, message, &[]);
            }
            To::Lines(lines) => {
                let members = self.reachable(&lines);
                tally.add(members.len());
                let _ = self.room.send_to_all(&members, &message);
            }
        }
    }

    fn disconnect(&mut self, to: &To, info: &CloseInfo, tally: &Tally) {
        let ids: Vec<ClientId> = match to {
            To::Members => self.members(),
            To::Topic(topic) => self.room.subscribers(topic).collect(),
            To::Lines(lines) => self.reachable(lines).iter().map(|member| member.client.id).collect(),
        };
        let lines = if let To::Lines(lines) = to { &lines[..] } else { &[] };
        for id in &ids {
            tally.add(1);
            self.room.end(*id, info.clone());
        }
        // Those that are no members yet have nothing that waits for them in the room.
        for (id, line) in lines.iter().filter(|(id, _)| self.room.line(*id).is_none()) {
            self.close_line(*id, *line, info.clone());
        }
    }

    /// The clients at the ends of these lines to which messages go.
    fn reachable(&self, lines: &[(ClientId, LineId)]) -> Vec<Arc<Member>> {
        let clients = lines.iter().filter_map(|(id, line)| self.shard.reach(*id, *line));
        clients.filter(Reach::is_open).map(|reach| Arc::clone(reach.member())).collect()
    }
}
