//! The receiver's side of messages between rooms.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::post::{Post, Receipt};
use crate::cluster::state::Marks;
use crate::store::Write;

/// The answer to a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The room gets the message.
    Take,
    /// The room's records have it: the sender gets the receipt once more.
    Handled(Receipt),
    /// The room has it. The receipt follows when it is handled.
    Waits,
    /// One before it is missing. The sender posts both again.
    Gap,
}

/// The messages of other rooms for one room, at the room's owner.
#[derive(Debug)]
pub struct Incoming {
    room: Arc<str>,
    /// As the room's records have them.
    handled: Marks,
    /// The last message that the room has got, of senders with messages that its records do not have.
    taken: BTreeMap<Arc<str>, u64>,
}

impl Incoming {
    /// An owner begins, with the marks that its room's records have.
    pub fn new(room: Arc<str>, handled: Marks) -> Self {
        Self { room, handled, taken: BTreeMap::new() }
    }

    /// A message has come. If it is taken, the room must get it.
    pub fn receive(&mut self, post: &Post) -> Verdict {
        let (id, handled) = (post.event.id, self.handled.of(&post.from));
        let taken = self.taken.get(&post.from).copied().unwrap_or(0).max(handled);
        if id == 0 {
            return if post.after <= taken { Verdict::Take } else { Verdict::Gap };
        }
        if id <= handled {
            return Verdict::Handled(self.receipt(&post.from, handled));
        }
        if id <= taken {
            return Verdict::Waits;
        }
        if post.after > taken {
            return Verdict::Gap;
        }
        self.taken.insert(Arc::clone(&post.from), id);
        Verdict::Take
    }

    /// The receipts to send when the turn with these writes is stored.
    pub fn receipts(&self, writes: &[Write]) -> Vec<Receipt> {
        let mut through = BTreeMap::new();
        for write in writes {
            if let Write::DropEvent { from, id } = write
                && *from != self.room
            {
                let last = through.entry(from).or_insert(*id);
                *last = (*last).max(*id);
            }
        }
        through.into_iter().map(|(from, id)| self.receipt(from, id)).collect()
    }

    /// The turn of this receipt is stored.
    pub fn stored(&mut self, receipt: &Receipt) {
        self.handled.note(&receipt.from, receipt.through);
        if self.taken.get(&receipt.from).is_some_and(|taken| *taken <= receipt.through) {
            self.taken.remove(&receipt.from);
        }
    }

    fn receipt(&self, from: &Arc<str>, through: u64) -> Receipt {
        Receipt { from: Arc::clone(from), by: Arc::clone(&self.room), through }
    }
}
