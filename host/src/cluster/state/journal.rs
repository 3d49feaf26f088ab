//! The records of rooms as their journal.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::chain::{Chain, Knows};
use super::room_state::RoomState;
use crate::room::{Journal, JournalError, Opened};

/// The journal of the rooms of one shard of a node.
///
/// A room opens with the state that was put here just before. Its commits go into that state at once, and are reported as durable at once:
/// **the room holds no outputs, the owner does** (`ws_cluster::Owner`), until the turn's record is stored. So the shard goes another way
/// with the turns of such a room than `shard::Outputs`, which would show them too early:
///
/// 1. The handler has returned: `Room::commit` gives the turn. If `Turn::commit` is not 0, its writes go to [`Chain`] by
///    `Backing::commit`, and `Room::note_durable` follows at once. Reads then find them in the chain.
/// 2. [`Chain::take_writes`] gives the item of the turn: `writes` of `ws_cluster::Turn`. Its effects become the `outputs` of that turn,
///    for each edge. Effects that do not go to clients wait beside the owner until the turn's record is stored.
/// 3. If that gives a whole state, the owner takes no further input until the state's pieces are stored. Then the turn is committed with
///    `encode_writes(&[])` as its writes, and `Owner::commit_whole` follows before the next publication: one record has both.
/// 4. Between two turns, if [`Chain::is_whole_due`]: [`Chain::begin_whole`] and, when its pieces are stored, `Owner::commit_whole`. No turn
///    may come in between, since that state would replace its writes.
/// 5. `Owner::take` gives no input while too many turns wait; that is `Outputs::are_full`.
/// 6. When the owner stops, the room is dropped as it is, with its chain: some of what it has written may not be stored. It never starts
///    over with its state. A room whose instance has failed, and whose owner goes on, opens anew with the same chain.
pub struct ChainJournal {
    /// Their owners have the chains.
    rooms: Mutex<HashMap<Arc<str>, Weak<Chain>>>,
    most_bytes: u64,
    knows: Knows,
}

impl ChainJournal {
    /// The journal of rooms whose stores may have this size. The timers, requests and messages of a room may have the same size once more.
    pub fn new(store_room_bytes: u64, knows: Knows) -> Self {
        Self { rooms: Mutex::default(), most_bytes: store_room_bytes.saturating_mul(2), knows }
    }

    /// Has a room open with this state, as often as it likes while the result exists: the room's part of the journal.
    pub fn put(&self, room: Arc<str>, state: RoomState) -> Arc<Chain> {
        let chain = Chain::new(state, self.most_bytes, Arc::clone(&self.knows));
        let mut rooms = self.rooms();
        if rooms.len().is_power_of_two() {
            rooms.retain(|_, chain| chain.strong_count() > 0);
        }
        rooms.insert(room, Arc::downgrade(&chain));
        chain
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<Arc<str>, Weak<Chain>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for ChainJournal {
    fn open(&self, room: &str) -> Pin<Box<dyn Future<Output = Result<Opened, JournalError>> + Send>> {
        let chain = self.rooms().get(room).and_then(Weak::upgrade);
        let opened = match chain {
            Some(backing) => {
                let (usage, dormant) = backing.open();
                Ok(Opened { backing, usage, dormant })
            }
            None => Err(JournalError(format!("this node does not own the room {room:?}, and cannot open it"))),
        };
        Box::pin(ready(opened))
    }
}

impl fmt::Debug for ChainJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainJournal").field("most_bytes", &self.most_bytes).finish_non_exhaustive()
    }
}
