//! The look at a line once a second.

use std::time::Duration;

use super::Line;
use crate::protocol::{self, Action};
use crate::shard::keepalive::{Asked, Verdict};
use crate::shard::resources::Resources;
use crate::shard::resume::KeptSession;
use crate::types::CloseInfo;

impl Line {
    /// Once per sweep: pings a silent client, cuts it if it stays silent, and cuts one that does not answer our close frame. Only a client
    /// that owes an answer costs a system call.
    pub fn sweep(&self, resources: &Resources) {
        let now = resources.now();
        let limits = &resources.limits;
        self.note_delivery(resources);
        if !self.is_open() {
            if self.keepalive.time(now) >= limits.close_timeout && self.is_excused(resources, limits.close_timeout) {
                return;
            }
            if self.step(|closing| closing.waited(self.keepalive.time(now), limits.close_timeout)) == Action::End {
                self.cut(resources, CloseInfo::lost());
            }
            return;
        }
        self.confirm(resources, KeptSession::confirmation);
        // The client may have sent something: nothing is read while the mailbox is full.
        if self.room.mailbox.is_full() {
            return self.keepalive.note_heard(now);
        }
        match self.keepalive.look(now, limits) {
            Verdict::Fine => {}
            Verdict::Ping => self.queue_control(resources, |out| protocol::write_ping(out, b"")),
            Verdict::Gone if self.is_excused(resources, limits.pong_timeout) => {}
            Verdict::Gone => self.cut(resources, CloseInfo::timeout()),
        }
    }

    /// Whether a client that has shown no progress for this long gets as much time again.
    fn is_excused(&self, resources: &Resources, time: Duration) -> bool {
        let is_excused = self.slot().is_some_and(|slot| resources.deliveries.excuse(slot, time));
        if is_excused {
            self.keepalive.note_progress(resources.now());
        }
        is_excused
    }

    /// Notes progress of a client that owes an answer.
    fn note_delivery(&self, resources: &Resources) {
        let asked = self.keepalive.asked();
        if asked == Asked::No {
            return;
        }
        let Some(slot) = self.slot() else { return };
        let queued = u32::try_from(self.waiting()).unwrap_or(u32::MAX);
        if resources.deliveries.look(slot, asked == Asked::Just, self.socket.receipt(queued)) {
            self.keepalive.note_progress(resources.now());
        }
    }
}
