//! The member for a client that joins.

use std::sync::Arc;

use super::RoomLoop;
use crate::app::Launch;
use crate::room::{LineId, Member};
use crate::types::Client;

impl<L: Launch> RoomLoop<L> {
    /// The member that joins over this line. A line that has ended meanwhile leaves a member without one: it has a `Left` waiting.
    pub(super) fn member(&self, client: Client, line: LineId) -> Arc<Member> {
        match self.shard.reach(client.id, line) {
            Some(reach) => Arc::clone(reach.member()),
            None => Arc::new(Member::without_line(client)),
        }
    }
}
