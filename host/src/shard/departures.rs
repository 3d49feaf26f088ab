//! Clients with sessions that go on at another node of the cluster: they leave their rooms here.

use std::rc::Rc;

use tokio::sync::oneshot;

use super::resume::{Claim, Departure, Foreign, KeptSession};
use super::rooms::Rooms;
use crate::app::Launch;
use crate::protocol::resume::{Fresh, Hello};
use crate::types::CloseInfo;

impl<L: Launch> Rooms<L> {
    /// Whether a client may have its place in the room by a session of another node. That is known when it has said hello: the room then looks again
    /// whether it takes the client.
    pub(super) fn may_come_from_elsewhere(&self, claim: Option<Claim>) -> bool {
        let is_of_a_node = |session: Foreign| self.shard().resources().sessions.peers().is_some_and(|it| it.has(session.client));
        matches!(claim, Some(Claim::Foreign(session)) if !self.shard().bus().is_nameless() && is_of_a_node(session))
    }

    /// A client comes with the handle of a session that another node may have. Has that node end it, before the client joins the room here.
    pub(super) async fn end_elsewhere(&self, session: Foreign, room: &str, hello: &Hello) {
        let peers = self.shard().resources().sessions.peers();
        if let (Some(peers), Some(departure)) = (peers, Departure::new(session, room, hello)) {
            peers.end_session(session.client, departure).await;
        }
    }

    /// A client of this shard has come to another node. `gone` is told when it is no member of its room any more; it is dropped if the session is
    /// not that client's.
    pub(super) fn depart(self: &Rc<Self>, departure: &Departure, gone: oneshot::Sender<()>) {
        if let Some(session) = self.departing(departure) {
            self.shard().end_session(&session, CloseInfo::lost(), None);
            let rooms = Rc::clone(self);
            tokio::task::spawn_local(async move {
                rooms.has_left(&session).await;
                // The node that has asked may have given up.
                let _ = gone.send(());
            });
        }
    }

    /// The session, if the client has shown that it is its own.
    fn departing(&self, departure: &Departure) -> Option<Rc<KeptSession>> {
        let (_, client) = departure.place()?;
        let session = self.shard().resources().sessions.get(client)?;
        let hello = departure.hello().ok()?;
        let is_its_own = session.check(&hello) != Err(Fresh::Unknown) && self.shard().is_in(session.room(), &departure.room);
        is_its_own.then_some(session)
    }

    /// Resolves when the room has handled the leaving of a client: in a cluster, when that counts.
    async fn has_left(&self, session: &KeptSession) {
        match self.part() {
            Some(part) => part.has_left(session.room().name(), session.member().client.id.get()).await,
            None => session.room().idle().await,
        }
    }
}
