//! The look at a line once a second.

use super::Line;
use crate::protocol::{self, Action};
use crate::shard::keepalive::Verdict;
use crate::shard::resources::Resources;
use crate::types::CloseInfo;

impl Line {
    /// Once per sweep: pings a silent client, cuts it if it stays silent, and cuts one that does not answer our close frame.
    pub fn sweep(&self, resources: &Resources) {
        let now = resources.now();
        let limits = &resources.limits;
        if !self.is_open() {
            if self.step(|closing| closing.waited(self.keepalive.time(now), limits.close_timeout)) == Action::End {
                self.cut(resources, CloseInfo::lost());
            }
            return;
        }
        // The client may have sent something: nothing is read while the mailbox is full.
        if self.room.mailbox.is_full() {
            return self.keepalive.note_heard(now);
        }
        match self.keepalive.look(now, limits) {
            Verdict::Fine => {}
            Verdict::Ping => self.queue_control(resources, |out| protocol::write_ping(out, b"")),
            Verdict::Gone => self.cut(resources, CloseInfo::timeout()),
        }
    }
}
