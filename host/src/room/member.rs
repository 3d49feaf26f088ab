//! A member of a room: a client, and the count of bytes that wait for it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::types::Client;

/// Flag: `on_drain` is owed.
const DRAIN_OWED: u64 = 1;
/// Flag: no further messages go out.
const CLOSING: u64 = 2;
/// Flag: the app has closed it.
const CLOSED_BY_APP: u64 = 4;
/// Flag: a handler has failed on its input.
const BLAMED: u64 = 8;
/// The bits of the flags. The join number is above them.
const FLAG_BITS: u32 = 8;
/// The encoding of "no line": no shard and no slot have such a number.
const NO_LINE: u64 = u64::MAX;
/// In place of the slot of a client that is away. It is higher than any slot.
const AWAY: u32 = u32::MAX;

/// The address of a line: its shard, and its slot in that shard's table. Slots are used again, so a look-up compares the
/// client's id too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineId {
    /// The shard's number.
    pub shard: u32,
    /// The slot in its table.
    pub slot: u32,
}

/// A client in a room, or on its way into one: its identity, and the count of bytes that wait for it. Its *line*, the socket and
/// the protocol session on a shard, is separate: a member has one or none. One whose session outlives its line is away until the next one
/// comes.
///
/// Room and line share a member on one thread. Its fields are atomic because a guest's store, which holds the room during a
/// call, must be `Send`. On their thread they are plain loads and stores.
#[derive(Debug)]
pub struct Member {
    /// The client's identity.
    pub client: Client,
    line: AtomicU64,
    waiting_bytes: AtomicUsize,
    /// The flags, and above them the join number: 1 for the first that joined the room, 0 before. In one word, a member and
    /// its counts of references stay within 112 bytes, a size class of the allocator.
    marks: AtomicU64,
    connected_unix: u64,
}

impl LineId {
    /// In place of the line of a client that is away, and whose session waits on this shard for its next line.
    pub fn away(shard: u32) -> Self {
        Self { shard, slot: AWAY }
    }

    fn encode(self) -> u64 {
        u64::from(self.shard) << 32 | u64::from(self.slot)
    }

    fn decode(encoded: u64) -> Option<Self> {
        (encoded != NO_LINE).then_some(Self { shard: (encoded >> 32) as u32, slot: encoded as u32 })
    }
}

impl Member {
    /// A client that has just connected over this line.
    pub fn new(client: Client, line: LineId) -> Self {
        Self { line: AtomicU64::new(line.encode()), ..Self::without_line(client) }
    }

    /// The same with the time at which it connected, in seconds since 1970.
    #[must_use]
    pub fn connected_at(self, connected_unix: u64) -> Self {
        Self { connected_unix, ..self }
    }

    /// When it connected, in seconds since 1970.
    pub fn connected_unix(&self) -> u64 {
        self.connected_unix
    }

    /// A client whose line has ended before it could join its room.
    pub fn without_line(client: Client) -> Self {
        Self {
            client,
            line: AtomicU64::new(NO_LINE),
            waiting_bytes: AtomicUsize::new(0),
            marks: AtomicU64::new(0),
            connected_unix: 0,
        }
    }

    /// Its line, until that has ended; [`LineId::away`] while its session waits for the next one.
    pub fn line(&self) -> Option<LineId> {
        LineId::decode(self.line.load(Relaxed))
    }

    /// Its line, if messages still go out over it.
    pub fn open_line(&self) -> Option<LineId> {
        if self.is_closing() { None } else { self.line() }
    }

    /// Its session goes on over this line, or waits for the next one.
    pub fn set_line(&self, line: LineId) {
        self.line.store(line.encode(), Relaxed);
    }

    /// Whether it has a line now, over which messages reach it.
    pub fn is_online(&self) -> bool {
        self.open_line().is_some_and(|line| line.slot != AWAY)
    }

    /// This line has ended. A line that has taken its place stays.
    pub fn end_line(&self, line: LineId) {
        if self.line() == Some(line) {
            self.line.store(NO_LINE, Relaxed);
        }
    }

    /// Its number in the order in which the room's members have joined, from 1 on. 0 before it joins.
    pub fn join_number(&self) -> u64 {
        self.marks.load(Relaxed) >> FLAG_BITS
    }

    /// It has joined the room as this one in the order.
    pub(super) fn set_join_number(&self, number: u64) {
        let flags = self.marks.load(Relaxed) & ((1 << FLAG_BITS) - 1);
        self.marks.store(number << FLAG_BITS | flags, Relaxed);
    }

    /// Bytes that are staged or queued for it.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes.load(Relaxed)
    }

    /// Counts bytes that were staged or queued.
    pub fn add_waiting(&self, bytes: usize) {
        self.waiting_bytes.store(self.waiting_bytes() + bytes, Relaxed);
    }

    /// Counts bytes that were written or dropped.
    pub fn sub_waiting(&self, bytes: usize) {
        self.waiting_bytes.store(self.waiting_bytes().saturating_sub(bytes), Relaxed);
    }

    /// A committed turn has passed its soft limit: `on_drain` is owed once this client has drained.
    pub fn owe_drain(&self) {
        self.set(DRAIN_OWED, true);
    }

    /// Whether `on_drain` is due: it is owed, and nothing waits any more, neither queued nor staged. True once.
    pub fn take_drained(&self) -> bool {
        let drained = self.has(DRAIN_OWED) && self.waiting_bytes() == 0;
        if drained {
            self.set(DRAIN_OWED, false);
        }
        drained
    }

    /// Whether no further messages go to it.
    pub fn is_closing(&self) -> bool {
        self.has(CLOSING | CLOSED_BY_APP)
    }

    /// Whether its further messages are to be handled: the app has not closed it, and it is not blamed for a failure.
    pub fn is_heard(&self) -> bool {
        !self.has(CLOSED_BY_APP | BLAMED)
    }

    /// A handler has failed on its input. True the first time.
    pub fn blame(&self) -> bool {
        let first = !self.has(BLAMED);
        self.set(BLAMED, true);
        first
    }

    /// Sets whether the app has closed it. Returns whether it had before.
    pub fn set_closed_by_app(&self, closed: bool) -> bool {
        let before = self.has(CLOSED_BY_APP);
        self.set(CLOSED_BY_APP, closed);
        before
    }

    /// Notes that no further messages go to it, for good.
    pub fn set_closing(&self) {
        self.set(CLOSING, true);
    }

    fn has(&self, flag: u64) -> bool {
        self.marks.load(Relaxed) & flag != 0
    }

    fn set(&self, flag: u64, on: bool) {
        let others = self.marks.load(Relaxed) & !flag;
        self.marks.store(if on { others | flag } else { others }, Relaxed);
    }
}
