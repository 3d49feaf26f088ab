//! The member for a client that joins.

use std::mem;
use std::sync::Arc;

use super::RoomLoop;
use crate::app::Launch;
use crate::room::{LineId, Member};
use crate::shard::input::Joined;
use crate::types::Client;

impl<L: Launch> RoomLoop<L> {
    /// The client is a member from now on.
    pub(super) fn join(&mut self, joined: &mut Joined) {
        let (client, attachment) = (joined.client.clone(), mem::take(&mut joined.attachment));
        match &self.owned {
            None => self.room.join(self.member(client, joined.line), attachment),
            Some(owned) => {
                let (member, number) = owned.joining(&client);
                self.room.join_as(member, number, attachment);
            }
        }
    }

    /// The member that joins over this line. A line that has ended meanwhile leaves a member without one: it has a `Left` waiting.
    pub(super) fn member(&self, client: Client, line: LineId) -> Arc<Member> {
        match self.shard.reach(client.id, line) {
            Some(reach) => Arc::clone(reach.member()),
            None => Arc::new(Member::without_line(client)),
        }
    }
}
