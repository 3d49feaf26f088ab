//! How a room closes its clients.

use super::RoomLoop;
use crate::app::Launch;
use crate::room::LineId;
use crate::types::{ClientId, CloseInfo};

impl<L: Launch> RoomLoop<L> {
    /// The ids of the members.
    pub(super) fn members(&self) -> Vec<ClientId> {
        self.room.clients().map(|client| client.id).collect()
    }

    /// Closes members as a turn of its own: behind everything that was sent to them before, held turns included.
    pub(super) async fn close(&mut self, ids: &[ClientId], info: &CloseInfo) {
        for id in ids {
            self.room.end(*id, info.clone());
        }
        self.commit().await;
    }

    /// Closes every member at once, past the turns that are held.
    pub(super) fn cut_short(&self, info: &CloseInfo) {
        for id in self.members() {
            if let Some(line) = self.room.line(id) {
                self.close_line(id, line, info.clone());
            }
        }
    }

    /// Closes a client that cannot become a member. The app never hears of it.
    pub(super) fn close_line(&self, id: ClientId, line: LineId, info: CloseInfo) {
        match &self.owned {
            None => self.shard.close(id, line, info),
            Some(owned) => owned.close(id, &info),
        }
    }
}
