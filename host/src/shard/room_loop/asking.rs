//! Plain HTTP requests to a room.

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::Launch;
use crate::requests::{HostAnswer, IncomingRequest};
use crate::shard::handlers::call;
use crate::shard::input::What;
use crate::trace::Trace;

impl<L: Launch> RoomLoop<L> {
    /// Asks the app. If its handler fails, the host answers.
    pub(super) async fn ask(&mut self, id: u64, request: Box<IncomingRequest>, trace: Trace) {
        // Its client may have hung up, or its time be over: it will come again.
        let Some(way) = self.shard.callers().take(id).filter(|way| way.is_open()) else { return };
        if !self.release.answers_requests() {
            return way.pass();
        }
        let address = request.address;
        if self.holds_off(address) {
            return way.refuse(HostAnswer::Unavailable);
        }
        let Some(app) = self.release.app() else { return };
        self.room.add_request(id, way);
        match call(self.shard.resources(), app, &mut self.room, What::Request(id, request, trace)).await {
            Ok(()) => self.commit().await,
            Err(fault) => {
                self.contain(fault, Blamed::Address(address.ip())).await;
                if let Some(way) = self.room.end_request(id) {
                    way.refuse(HostAnswer::Failed);
                }
            }
        }
    }
}
