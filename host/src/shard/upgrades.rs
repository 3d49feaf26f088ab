//! Upgrade requests that wait for a room's decision.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::room::{Decision, UpgradeId};

/// The requests of one shard by id. Dropped unanswered, a request is refused with 503 by the front.
#[derive(Debug, Default)]
pub struct Upgrades {
    last: Cell<u64>,
    waiting: RefCell<HashMap<UpgradeId, oneshot::Sender<Decision>>>,
}

impl Upgrades {
    /// Keeps where the decision goes, and returns the id that stands for it.
    pub fn insert(&self, decision: oneshot::Sender<Decision>) -> UpgradeId {
        let id = UpgradeId(self.last.get() + 1);
        self.last.set(id.0);
        self.waiting.borrow_mut().insert(id, decision);
        id
    }

    /// Passes a decision on. A client that has hung up meanwhile gets none.
    pub fn decide(&self, id: UpgradeId, decision: Decision) {
        if let Some(waiting) = self.waiting.borrow_mut().remove(&id) {
            let _ = waiting.send(decision);
        }
    }
}
