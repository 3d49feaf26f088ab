//! Upgrade requests that wait for a room's decision.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::oneshot;

use super::room_task::RoomTask;
use crate::room::{Decision, UpgradeId};

/// The requests of one shard by id. Dropped unanswered, a request is refused with 503 by the front.
#[derive(Debug, Default)]
pub struct Upgrades {
    last: Cell<u64>,
    waiting: RefCell<HashMap<UpgradeId, Waiting>>,
}

/// The room that decides about a request, and where the decision goes.
type Waiting = (Rc<RoomTask>, oneshot::Sender<Decision>);

impl Upgrades {
    /// Keeps where the room's decision goes, and returns the id that stands for it.
    pub fn insert(&self, room: Rc<RoomTask>, decision: oneshot::Sender<Decision>) -> UpgradeId {
        let id = UpgradeId(self.last.get() + 1);
        self.last.set(id.0);
        self.waiting.borrow_mut().insert(id, (room, decision));
        id
    }

    /// Whether the client still waits: it may have hung up, or been refused because the room did not decide in time.
    pub fn is_waiting(&self, id: UpgradeId) -> bool {
        self.waiting.borrow().get(&id).is_some_and(|(_, decision)| !decision.is_closed())
    }

    /// Passes a decision on. A client that has hung up meanwhile gets none: returns the room that waits for it in vain.
    #[must_use]
    pub fn decide(&self, id: UpgradeId, decision: Decision) -> Option<Rc<RoomTask>> {
        let (room, waiting) = self.waiting.borrow_mut().remove(&id)?;
        let unheard = waiting.send(decision).err()?;
        matches!(unheard, Decision::Accept(_)).then_some(room)
    }

    /// Passes one decision on to all requests that wait for this room. Returns their number.
    pub fn decide_all(&self, room: &Rc<RoomTask>, decision: &Decision) -> usize {
        let mut waiting = self.waiting.borrow_mut();
        let theirs = waiting.extract_if(|_, (decides, _)| Rc::ptr_eq(decides, room));
        theirs.map(|(_, (_, answer))| drop(answer.send(decision.clone()))).count()
    }
}
