//! The resources that the lines of one shard share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use bytes::BytesMut;

use super::clock::{Clock, Moment};
use super::counts::ShardCounts;
use super::delivery::Deliveries;
use super::gathering::Gathering;
use super::holdings::Holdings;
use super::outbox::Spares;
use super::resume::Sessions;
use super::room_task::RoomTask;
use super::traffic::Traffic;
use super::wakes::Wakes;
use crate::config::Limits;
use crate::protocol::{Deflaters, Inflaters};

/// The read buffer's size: a 64 KiB message and its header arrive in one read, and many small ones do.
const READ_BUFFER_BYTES: usize = 256 << 10;
/// With less than this left, the read buffer starts over.
const READ_AT_LEAST_BYTES: usize = 80 << 10;

/// Limits, buffers, compression streams, the coarse time, and the lists of lines with something to do. All of it is used on one thread.
/// No borrow is held while a handler runs.
#[derive(Debug)]
pub struct Resources {
    /// The server's limits.
    pub limits: Limits,
    read_buffer: RefCell<BytesMut>,
    /// Ciphertext that is decrypted into the read buffer next. It holds no memory before the first TLS connection reads.
    pub ciphertext: RefCell<BytesMut>,
    /// The rooms whose messages wait until the driver has read from other sockets.
    pub gathering: Gathering,
    /// Memory for the next outbox that needs some.
    pub spares: RefCell<Spares>,
    /// The memory that is held for clients.
    pub holdings: Holdings,
    /// The sessions of clients, which outlive their lines.
    pub sessions: Sessions,
    /// How far pings and close frames have come.
    pub deliveries: Deliveries,
    /// The traffic to each client.
    pub traffic: Traffic,
    /// The other counters.
    pub counts: ShardCounts,
    /// Streams that compress messages to clients.
    pub deflaters: RefCell<Deflaters>,
    /// Streams that inflate messages from clients.
    pub inflaters: Rc<Inflaters>,
    time: fn() -> Instant,
    clock: Clock,
    now: Cell<Moment>,
    /// Has the driver run readers and flush lines.
    pub wakes: Rc<Wakes>,
}

impl Resources {
    /// The resources of a shard that begins now.
    pub fn new(limits: Limits) -> Self {
        let clock = Clock::new();
        Self {
            holdings: Holdings::new(limits.client_memory_bytes.unwrap_or(usize::MAX)),
            sessions: Sessions::new(&limits),
            limits,
            read_buffer: RefCell::new(BytesMut::with_capacity(READ_BUFFER_BYTES)),
            ciphertext: RefCell::default(),
            gathering: Gathering::default(),
            spares: RefCell::default(),
            deliveries: Deliveries::default(),
            traffic: Traffic::default(),
            counts: ShardCounts::default(),
            deflaters: RefCell::default(),
            inflaters: Inflaters::new(),
            time: Instant::now,
            now: Cell::new(clock.read()),
            clock,
            wakes: Rc::default(),
        }
    }

    /// The time, read from the clock.
    pub fn time(&self) -> Instant {
        (self.time)()
    }

    /// The clock that `time` reads.
    pub fn clock(&self) -> fn() -> Instant {
        self.time
    }

    /// The time of the last sweep. Sweeps come at least once a second, unless the shard stands still.
    pub fn now(&self) -> Moment {
        self.now.get()
    }

    /// The time as a moment, read from the clock.
    pub fn exact_now(&self) -> Moment {
        self.clock.at(self.time())
    }

    /// Moves the coarse time on.
    pub fn set_now(&self, now: Instant) {
        self.now.set(self.clock.at(now));
    }

    /// Lends the read buffer, with room for a read. Its memory is used again as soon as nobody holds a slice of it.
    pub fn read_into<T>(&self, read: impl FnOnce(&mut BytesMut) -> T) -> T {
        let mut buffer = self.read_buffer.borrow_mut();
        if buffer.capacity() - buffer.len() < READ_AT_LEAST_BYTES {
            buffer.reserve(READ_BUFFER_BYTES);
        }
        read(&mut buffer)
    }

    /// Takes the read buffer out for the time of the deliveries: a handler runs inside them.
    pub fn take_read_buffer(&self) -> BytesMut {
        self.read_buffer.take()
    }

    /// Gives it back.
    pub fn return_read_buffer(&self, buffer: BytesMut) {
        self.read_buffer.replace(buffer);
    }

    /// Counts bytes that stay beyond this event. If too much may be held, the driver looks into that.
    pub fn hold(&self, bytes: usize) {
        self.holdings.add(bytes);
        if self.holdings.may_be_over() {
            self.wakes.look();
        }
    }

    /// Notes how much the reader of this slot keeps; see [`Holdings::keep`].
    pub fn keep(&self, slot: u32, bytes: usize, message: bool, anew: bool) {
        self.holdings.keep(slot, bytes, message, anew, self.now());
        self.hold(0);
    }

    /// Has a room handle the messages that were gathered for it. If it is suspended in one of them, the rest is counted and copied, like
    /// messages for a busy room.
    pub fn run_gathered(&self, room: &RoomTask) {
        if !room.mailbox.is_empty() {
            room.wake();
        }
        if !room.mailbox.is_empty() {
            self.hold(room.mailbox.detach());
        }
    }
}
