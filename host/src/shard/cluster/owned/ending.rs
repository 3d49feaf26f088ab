//! The end of an owned room at this node: it gives the room up, with its state.

use bytes::Bytes;
use ws_cluster::directory::Wake;
use ws_cluster::{Act, Owner};

use super::Owned;
use crate::room::{Room, Turn};

impl Owned {
    /// Gives the room up: takes no more inputs, and resolves when all that has been done is stored and has arrived.
    pub async fn drain(&self) {
        self.owner.borrow_mut().drain();
        self.until(|owner| (owner.is_drained() && !self.is_paused.get()) || owner.stopped().is_some()).await;
        self.look();
    }

    /// Writes the last record, with the state of a room that has never written. Resolves when it is stored.
    pub async fn release(&self, state: Option<Bytes>) {
        self.owner.borrow_mut().release(state);
        self.until(|owner| owner.is_released() || owner.stopped().is_some()).await;
    }

    /// When others are to open the room, as it is with this record.
    pub fn wake(&self, act: &Act) -> Wake {
        self.chain.read(|state| match act {
            Act::Release { .. } => state.next_due().map_or(Wake::Never, Wake::At),
            Act::Claim { .. } | Act::Commit { .. } if state.is_expecting() => Wake::AfterOwner,
            Act::Claim { .. } | Act::Commit { .. } => Wake::Never,
        })
    }

    async fn until(&self, is_so: impl Fn(&Owner) -> bool) {
        self.note_due();
        loop {
            let changed = self.changed.notified();
            if is_so(&self.owner.borrow()) {
                return;
            }
            changed.await;
        }
    }

    /// The state of a room that has never written, with the writes of its last turn, in the form for its last record. `None` if it has none.
    pub async fn state_with(&self, room: &Room, mut turn: Box<Turn>) -> Option<Bytes> {
        if turn.commit() == 0 {
            return None;
        }
        let journal = room.journal()?;
        journal.commit(turn.take_writes(), Box::new(|_| {}));
        drop(self.chain.take_writes());
        self.store(self.chain.begin_whole());
        self.until(|owner| !self.is_paused.get() || owner.stopped().is_some()).await;
        self.head.take()
    }
}
