//! The room's decision on clients that want to join.

use std::net::SocketAddr;

use super::RoomLoop;
use super::containment::Blamed;
use crate::app::Launch;
use crate::app::upgrade::UpgradeRequest;
use crate::refusal::Reason;
use crate::room::{Decision, UpgradeId};
use crate::shard::handlers::call;
use crate::shard::input::What;
use crate::trace::Trace;

impl<L: Launch> RoomLoop<L> {
    /// Decides whether a client is let in: by the room's own state, and by the app's gate if it has one.
    pub(super) async fn decide(&mut self, id: UpgradeId, request: Box<UpgradeRequest>, trace: Trace) {
        // A gate that takes a token once must not take it for nothing: the client will come again.
        if self.owned.is_none() && !self.shard.upgrades().is_waiting(id) {
            return self.answer(id, Decision::refuse(503)).await;
        }
        let address = request.address;
        if let Some(reason) = self.refuses(address, request.resumes) {
            return self.refuse(id, reason).await;
        }
        let has_gate = self.release.has_gate();
        let Some(app) = self.release.app().filter(|_| has_gate) else {
            return self.answer(id, Decision::accept()).await;
        };
        match call(self.shard.resources(), app, &mut self.room, What::Upgrade(id, request, trace)).await {
            Ok(()) => self.commit().await,
            Err(fault) => {
                self.contain(fault, Blamed::Address(address.ip())).await;
                self.refuse(id, Reason::GateFailed).await;
            }
        }
    }

    /// Why the room itself refuses a client of this address, if it does. One that `resumes` has its place.
    fn refuses(&self, address: SocketAddr, resumes: bool) -> Option<Reason> {
        if !resumes && !self.room.is_admitting() {
            return Some(Reason::RoomDenies);
        }
        if !resumes && self.is_full() {
            return Some(Reason::RoomFull);
        }
        self.holds_off(address).then_some(Reason::Failing)
    }

    /// Refuses an upgrade request, as a turn of its own.
    pub(super) async fn refuse(&mut self, id: UpgradeId, reason: Reason) {
        self.shard.resources().counts.note_refused(reason);
        self.answer(id, Decision::refuse(reason.status())).await;
    }

    /// Commits an answer to an upgrade request as a turn of its own.
    pub(super) async fn answer(&mut self, id: UpgradeId, decision: Decision) {
        self.room.decide(id, decision);
        self.commit().await;
    }

    /// Whether clients of this address are held off.
    pub(super) fn holds_off(&self, address: SocketAddr) -> bool {
        self.release.holds_off(address.ip(), || self.shard.time())
    }

    /// Whether the room has as many members as it may have.
    pub(super) fn is_full(&self) -> bool {
        self.shard.limits().max_room_clients.is_some_and(|max| self.room.count() >= max)
    }
}
