//! The news of the node.

use std::rc::Rc;
use std::sync::Arc;

use ws_cluster::{Life, Limits, Neighbours, Owner, Standing, Timing};

use super::Part;
use crate::cluster::News;
use crate::cluster::state::RoomState;
use crate::log::in_short;
use crate::shard::cluster::owned::Owned;
use crate::types::CloseInfo;

impl Part {
    /// Hears news of the node.
    pub fn hear(&self, news: News) {
        match news {
            News::Begun(life, neighbours) => {
                self.life.set(Some(life));
                self.neighbours.replace(neighbours);
            }
            News::Over(why) => {
                tracing::debug!("the node's rooms end: {why:?}");
                self.end(&CloseInfo::restart());
            }
            News::Seen(neighbours) => self.see(neighbours),
            News::Received(envelope) => self.receive(envelope),
            News::Found { room, owner, epoch } => self.found(&room, owner, epoch),
            News::Won { room, standing } => self.won(&room, *standing),
            News::NotFound { room } => {
                let edge = self.edges.borrow().get(&room).cloned();
                edge.iter().for_each(|edge| edge.note_due());
            }
            News::Answered { room, epoch, answer } => {
                self.with_owner(&room, epoch, |owned| owned.rules().borrow_mut().answered(answer));
            }
            News::Looked { room, epoch, last } => self.with_owner(&room, epoch, |owned| owned.rules().borrow_mut().looked(last)),
            News::Stored { room, epoch, head } => self.with_owner(&room, epoch, |owned| owned.stored(head)),
        }
    }

    pub(super) fn with_owner(&self, room: &str, epoch: u64, act: impl FnOnce(&Owned)) {
        let owned = self.owned.borrow().get(room).filter(|owned| owned.epoch() == epoch).cloned();
        if let Some(owned) = owned {
            act(&owned);
            owned.note_due();
        }
    }

    pub(super) fn see(&self, neighbours: Arc<Neighbours>) {
        for edge in self.edges.borrow().values() {
            edge.edge().borrow_mut().see(&neighbours);
            edge.note_due();
        }
        for owned in self.owned.borrow().values() {
            owned.rules().borrow_mut().see(&neighbours);
            owned.forget_edges(&neighbours);
            owned.note_due();
        }
        self.neighbours.replace(neighbours);
    }

    pub(super) fn found(&self, room: &str, owner: Life, epoch: u64) {
        if let Some((_, keeper)) = self.shared.borrow_mut().as_mut().filter(|(shared, _)| **shared == *room) {
            *keeper = Some(owner);
        }
        if let Some(edge) = self.edges.borrow().get(room) {
            edge.edge().borrow_mut().found(owner, epoch);
            edge.note_due();
        }
    }

    pub(super) fn won(&self, room: &Arc<str>, standing: Standing) {
        let (Some((life, epoch)), neighbours) = (standing.owner, Arc::clone(&self.neighbours.borrow())) else { return };
        let state = match RoomState::from_data(Arc::clone(room), standing.data.iter().cloned(), standing.start) {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(room = in_short(room), "the room does not open here: {error}");
                return self.node.cannot_open(room, epoch);
            }
        };
        // The node's view reaches the room's records, and its claim is the last of them.
        let Some(owner) = Owner::new(standing, &neighbours, Timing::default(), Limits::default()) else {
            return self.node.ended(room, epoch);
        };
        let chain = self.journal.put(Arc::clone(room), state);
        let owned =
            Owned::new(Rc::clone(&self.shard), Rc::clone(&self.agenda), self.node.clone(), owner, (Arc::clone(room), chain));
        owned.note_due();
        let before = self.owned.borrow_mut().insert(Arc::clone(room), owned);
        self.stopped.borrow_mut().extend(before);
        self.found(room, life, epoch);
    }

    /// The node's life is over.
    pub(super) fn end(&self, close: &CloseInfo) {
        self.life.set(None);
        for edge in std::mem::take(&mut *self.edges.borrow_mut()).into_values() {
            edge.end(close);
        }
        self.stopped.borrow_mut().extend(std::mem::take(&mut *self.owned.borrow_mut()).into_values());
        self.active.borrow_mut().clear();
        self.letters.borrow_mut().clear();
    }
}
