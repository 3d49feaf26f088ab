//! The rooms of a shard's part that have something to send, or to look at.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

/// A room's edge or its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// The edge of the room of this name.
    Edge(Arc<str>),
    /// Its owner.
    Owner(Arc<str>),
}

/// The edges and owners that are due, each once. The task of the shard's part is woken when there is one: it then stands behind all that is
/// ready now, so that one message takes everything that those tasks have for another node.
#[derive(Debug, Default)]
pub struct Agenda {
    due: RefCell<VecDeque<Due>>,
    changed: Notify,
}

impl Agenda {
    /// An edge or owner is due. The caller adds each once.
    pub fn add(&self, due: Due) {
        self.due.borrow_mut().push_back(due);
        self.changed.notify_one();
    }

    /// Takes the next one.
    pub fn next(&self) -> Option<Due> {
        self.due.borrow_mut().pop_front()
    }

    /// Resolves when one has been added.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
