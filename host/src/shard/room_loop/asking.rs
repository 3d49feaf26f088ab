//! Plain HTTP requests to a room.

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::Launch;
use crate::requests::{Answering, HostAnswer, IncomingRequest};
use crate::shard::handlers::call;
use crate::shard::input::What;
use crate::trace::Trace;

impl<L: Launch> RoomLoop<L> {
    /// Asks the app. If its handler fails, the host answers.
    pub(super) async fn ask(&mut self, id: u64, request: Box<IncomingRequest>, trace: Trace) {
        // Its client may have hung up, or its time be over: it will come again.
        let Some(way) = self.way(id).filter(Answering::is_open) else { return };
        if !self.release.answers_requests() {
            return self.pass(&way);
        }
        let address = request.address;
        if self.holds_off(address) {
            return self.refuse_request(&way, HostAnswer::Unavailable);
        }
        let Some(app) = self.release.app() else { return };
        self.room.add_request(id, way);
        match call(self.shard.resources(), app, &mut self.room, What::Request(id, request, trace)).await {
            Ok(()) => self.commit().await,
            Err(fault) => {
                self.contain(fault, Blamed::Address(address.ip())).await;
                if let Some(way) = self.room.end_request(id) {
                    self.refuse_request(&way, HostAnswer::Failed);
                }
            }
        }
    }

    /// The way of the answer to a request.
    pub(super) fn way(&self, id: u64) -> Option<Answering> {
        match &self.owned {
            None => self.shard.callers().take(id),
            Some(owned) => owned.way(id),
        }
    }

    /// Answers in place of the app.
    pub(super) fn refuse_request(&self, way: &Answering, answer: HostAnswer) {
        match &self.owned {
            None => way.refuse(answer),
            Some(owned) => owned.refuse(way, Some(answer)),
        }
    }

    /// Leaves a request to the other endpoints.
    fn pass(&self, way: &Answering) {
        match &self.owned {
            None => way.pass(),
            Some(owned) => owned.refuse(way, None),
        }
    }
}
