//! What one shard owns: its connections, its buffers and its clock.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use slab::Slab;

use super::clock::{Clock, Moment};
use super::connection::Connection;
use super::outbox::Spares;
use super::roster::Roster;
use crate::config::Limits;
use crate::protocol::{Deflaters, Inflaters};
use crate::room::Peer;
use crate::types::{Client, ClientId};

/// The read buffer's size: a 64 KiB message and its header arrive in one read, and many small ones do.
const READ_BUFFER_BYTES: usize = 256 << 10;
/// With less than this left, the read buffer starts over.
const READ_AT_LEAST_BYTES: usize = 80 << 10;

/// What a shard's tasks share, all on one thread. Nobody holds a borrow while a handler runs.
#[derive(Debug)]
pub struct Shard {
    /// The server's limits.
    pub limits: Limits,
    /// Lent to whichever connection is readable.
    pub read_buffer: RefCell<BytesMut>,
    /// Where ciphertext waits to be decrypted into the read buffer. It holds no memory before the first TLS connection reads.
    pub ciphertext: RefCell<BytesMut>,
    /// Memory for the next outbox that needs some.
    pub spares: RefCell<Spares>,
    /// Streams for compressed messages to clients,
    pub deflaters: RefCell<Deflaters>,
    /// and from them.
    pub inflaters: Rc<Inflaters>,
    /// Who is connected, for other threads to see.
    roster: Arc<Roster>,
    connections: RefCell<Slab<Rc<Connection>>>,
    clock: Clock,
    now: Cell<Moment>,
    swept: Cell<Instant>,
    dirty: RefCell<Vec<Rc<Connection>>>,
    writer: RefCell<Waker>,
    /// Wakes who waits for the last connection to go.
    emptied: tokio::sync::Notify,
}

impl Shard {
    /// A shard without connections.
    pub fn new(limits: Limits, roster: Arc<Roster>) -> Rc<Self> {
        let clock = Clock::new();
        Rc::new(Self {
            limits,
            read_buffer: RefCell::new(BytesMut::with_capacity(READ_BUFFER_BYTES)),
            ciphertext: RefCell::default(),
            spares: RefCell::default(),
            deflaters: RefCell::default(),
            inflaters: Inflaters::new(),
            roster,
            connections: RefCell::default(),
            now: Cell::new(clock.read()),
            clock,
            swept: Cell::new(Instant::now()),
            dirty: RefCell::default(),
            writer: RefCell::new(Waker::noop().clone()),
            emptied: tokio::sync::Notify::new(),
        })
    }

    /// The time of the last sweep. Coarse, so that the hot path reads no clock.
    pub fn now(&self) -> Moment {
        self.now.get()
    }

    /// The time as it is.
    pub fn exact_now(&self) -> Moment {
        self.clock.read()
    }

    /// Adds a client's connection, which `make` makes for the place that it has got. `index` is this shard's.
    pub fn insert(&self, index: u32, client: Client, make: impl FnOnce(Arc<Peer>) -> Connection) -> Rc<Connection> {
        let mut connections = self.connections.borrow_mut();
        let entry = connections.vacant_entry();
        let slot = entry.key();
        let peer = Arc::new(Peer::new(client, slot, index));
        self.roster.insert(Arc::clone(&peer));
        let connection = Rc::new(make(peer));
        entry.insert(Rc::clone(&connection));
        connection
    }

    /// Takes a connection off the shard.
    pub fn remove(&self, connection: &Connection) {
        self.connections.borrow_mut().try_remove(connection.peer.slot);
        self.roster.remove(connection.peer.client.id);
        if self.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// The connection of this client, if it is still at its place.
    pub fn connection(&self, id: ClientId, slot: usize) -> Option<Rc<Connection>> {
        let connections = self.connections.borrow();
        connections.get(slot).filter(|connection| connection.peer.client.id == id).cloned()
    }

    /// The table of connections, for loops that neither add nor remove.
    pub fn connections(&self) -> Ref<'_, Slab<Rc<Connection>>> {
        self.connections.borrow()
    }

    /// Does something with each connection, which may end it: no borrow is held meanwhile. Who comes meanwhile may be
    /// left out.
    pub fn for_each(&self, mut act: impl FnMut(&Rc<Connection>)) {
        let slots = self.connections.borrow().capacity();
        for slot in 0..slots {
            let connection = self.connections.borrow().get(slot).cloned();
            connection.iter().for_each(&mut act);
        }
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.connections.borrow().is_empty()
    }

    /// Resolves when the last connection is gone.
    pub async fn emptied(&self) {
        while !self.is_empty() {
            self.emptied.notified().await;
        }
    }

    /// Makes the read buffer large enough for a read. Its memory is used again as soon as nobody holds a slice of it.
    pub fn make_room(&self, buffer: &mut BytesMut) {
        if buffer.capacity() - buffer.len() < READ_AT_LEAST_BYTES {
            buffer.reserve(READ_BUFFER_BYTES);
        }
    }

    /// Has a connection's outbox written at the end of the turn.
    pub fn write_later(&self, connection: &Rc<Connection>) {
        let mut dirty = self.dirty.borrow_mut();
        dirty.push(Rc::clone(connection));
        if dirty.len() == 1 {
            self.writer.borrow().wake_by_ref();
        }
    }

    /// The turn's end: writes every outbox that has something new. The task that polls this is woken when the first
    /// outbox gets something, and thereby stands in the run queue behind all that is ready now.
    pub fn poll_turn(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.writer.borrow().will_wake(cx.waker()) {
            self.writer.replace(cx.waker().clone());
        }
        let mut dirty = self.dirty.take();
        for connection in dirty.drain(..) {
            connection.write_turn(self);
        }
        // Handlers that ran meanwhile may have queued more; that goes out in the next turn.
        let mut next = self.dirty.borrow_mut();
        if next.is_empty() {
            *next = dirty;
        }
        Poll::Pending
    }

    /// Once per period: moves the clock on and looks after silent and closing connections.
    pub fn sweep(&self, period: Duration) {
        let now = Instant::now();
        // A shard that was held up, by a native handler that blocks say, has heard nobody meanwhile.
        let held_up = now.saturating_duration_since(self.swept.replace(now)).saturating_sub(2 * period);
        self.now.set(self.clock.at(now));
        self.for_each(|connection| {
            if !held_up.is_zero() {
                connection.excuse(held_up);
            }
            connection.sweep(self);
        });
    }
}
