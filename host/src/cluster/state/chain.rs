//! One room's part of the journal of a cluster: the state in memory, and the writes that its next record takes.

use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use ws_cluster::codec::Encode as _;

use super::encoding::begin_turn;
use super::room_state::RoomState;
use crate::room::{Backing, Done, Dormant, Reading, Rows};
use crate::store::{Usage, Write};

/// The longest item of a turn's writes. A record of it fits into one message of NATS, which has 1 MiB, together with a mark of each node.
pub const MAX_TURN_BYTES: usize = 896 << 10;

/// Tells whether a room of this name exists anywhere in the cluster.
pub type Knows = Arc<dyn Fn(&str) -> Reading<bool> + Send + Sync>;

/// The writes of a turn, for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnWrites {
    /// The item for the turn's record.
    Item(Bytes),
    /// The whole state after the turn, since the writes are longer than [`MAX_TURN_BYTES`].
    Whole(Bytes),
}

/// The durable state of an open room, and the writes that no record has yet.
///
/// One thread uses it; the lock is for the compiler, which cannot know that.
pub struct Chain {
    inner: Mutex<Inner>,
    knows: Knows,
    /// The most bytes of entries, timers, requests and messages.
    most_bytes: u64,
}

struct Inner {
    state: RoomState,
    turn: Option<BytesMut>,
    /// Whether the item would be too long.
    is_too_long: bool,
}

impl Chain {
    pub(super) fn new(state: RoomState, most_bytes: u64, knows: Knows) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::new(Inner { state, turn: None, is_too_long: false }), knows, most_bytes })
    }

    /// Takes what was written since the last call. It is called once for each turn of the room, also for those that write nothing: in a
    /// durable room these have records too.
    pub fn take_writes(&self) -> Option<TurnWrites> {
        self.with(|inner| {
            let item = inner.turn.take();
            if std::mem::take(&mut inner.is_too_long) {
                return Some(TurnWrites::Whole(inner.state.begin_whole()));
            }
            inner.state.note_turn(item.as_ref().map_or(0, BytesMut::len));
            item.map(|item| TurnWrites::Item(item.freeze()))
        })
    }

    /// Adds writes that no handler has made to the next turn.
    pub fn add(&self, writes: &[Write]) {
        self.with(|inner| writes.iter().for_each(|write| inner.add(write)));
    }

    /// Whether the room's records should begin anew with the whole state.
    pub fn is_whole_due(&self) -> bool {
        self.with(|inner| inner.state.is_whole_due())
    }

    /// The whole state, for the next record. All writes must have been taken.
    pub fn begin_whole(&self) -> Bytes {
        self.with(|inner| inner.state.begin_whole())
    }

    /// The last whole state could not be stored, and is due as before.
    pub fn whole_failed(&self) {
        self.with(|inner| inner.state.whole_failed());
    }

    /// The room opens. Returns how much its store holds, and its kept parts beside it.
    pub(super) fn open(&self) -> (Usage, Option<Dormant>) {
        self.with(|inner| (inner.state.usage(), inner.state.open()))
    }

    /// Reads the state.
    pub fn read<T>(&self, read: impl FnOnce(&RoomState) -> T) -> T {
        self.with(|inner| read(&inner.state))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn add(&mut self, write: &Write) {
        self.state.apply(write);
        if self.is_too_long {
            return;
        }
        let item = self.turn.get_or_insert_with(begin_turn);
        write.write(item);
        if item.len() > MAX_TURN_BYTES {
            (self.is_too_long, self.turn) = (true, None);
        }
    }
}

impl Backing for Chain {
    fn get(&self, key: &str) -> Reading<Option<Bytes>> {
        Box::pin(ready(Ok(self.read(|state| state.value(key).cloned()))))
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Reading<Rows> {
        let (entries, more) = self.read(|state| state.list(prefix, after, limit));
        Box::pin(ready(Ok(Rows { entries, more })))
    }

    fn knows(&self, room: &str) -> Reading<bool> {
        (self.knows)(room)
    }

    fn takes_writes(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn has_room_for(&self, bytes: u64) -> bool {
        let held = self.read(|state| state.usage().bytes + state.kept_bytes());
        held.saturating_add(bytes) <= self.most_bytes
    }

    fn commit(&self, writes: Vec<Write>, done: Done) {
        self.add(&writes);
        done(Ok(()));
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("most_bytes", &self.most_bytes).finish_non_exhaustive()
    }
}
