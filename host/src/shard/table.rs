//! What one shard owns: its lines, its buffers and its clock.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use slab::Slab;

use super::clock::{Clock, Moment};
use super::line::Line;
use super::outbox::Spares;
use super::roster::Roster;
use super::upgrades::Upgrades;
use crate::config::Limits;
use crate::protocol::{Deflaters, Inflaters};
use crate::room::{LineId, Member};
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
    /// Upgrade requests that wait for a room's decision.
    pub upgrades: Upgrades,
    /// Who is connected, for other threads to see.
    roster: Arc<Roster>,
    lines: RefCell<Slab<Rc<Line>>>,
    clock: Clock,
    time: fn() -> Instant,
    now: Cell<Moment>,
    swept: Cell<Instant>,
    dirty: RefCell<Vec<Rc<Line>>>,
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
            lines: RefCell::default(),
            now: Cell::new(clock.read()),
            time: Instant::now,
            upgrades: Upgrades::default(),
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

    /// The time, read from the clock.
    pub fn time(&self) -> Instant {
        (self.time)()
    }

    /// The clock that `time` reads.
    pub fn clock(&self) -> fn() -> Instant {
        self.time
    }

    /// The time as it is.
    pub fn exact_now(&self) -> Moment {
        self.clock.read()
    }

    /// Adds the line of a new client. `index` is this shard's.
    pub fn insert(&self, index: u32, client: Client, make: impl FnOnce(Arc<Member>) -> Line) -> (LineId, Rc<Line>) {
        let mut lines = self.lines.borrow_mut();
        let entry = lines.vacant_entry();
        let slot = u32::try_from(entry.key()).expect("a process has fewer than 2^32 descriptors");
        let id = LineId { shard: index, slot };
        let member = Arc::new(Member::new(client, id));
        self.roster.insert(Arc::clone(&member));
        let line = Rc::new(make(member));
        entry.insert(Rc::clone(&line));
        (id, line)
    }

    /// Takes a line off the shard.
    pub fn remove(&self, id: LineId, line: &Line) {
        self.lines.borrow_mut().try_remove(id.slot as usize);
        line.member.end_line(id);
        self.roster.remove(line.member.client.id);
        if self.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// This line of this client, unless it has ended.
    pub fn line(&self, client: ClientId, line: LineId) -> Option<Rc<Line>> {
        let lines = self.lines.borrow();
        lines.get(line.slot as usize).filter(|line| line.member.client.id == client).cloned()
    }

    /// The table of lines, for loops that neither add nor remove.
    pub fn lines(&self) -> Ref<'_, Slab<Rc<Line>>> {
        self.lines.borrow()
    }

    /// Does something with each line, which may end it: no borrow is held meanwhile. Who comes meanwhile may be
    /// left out.
    pub fn for_each(&self, mut act: impl FnMut(&Rc<Line>)) {
        let slots = self.lines.borrow().capacity();
        for slot in 0..slots {
            let line = self.lines.borrow().get(slot).cloned();
            line.iter().for_each(&mut act);
        }
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.lines.borrow().is_empty()
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
    pub fn write_later(&self, line: &Rc<Line>) {
        let mut dirty = self.dirty.borrow_mut();
        dirty.push(Rc::clone(line));
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
        for line in dirty.drain(..) {
            line.write_turn(self);
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
        self.for_each(|line| {
            if !held_up.is_zero() {
                line.excuse(held_up);
            }
            line.sweep(self);
        });
    }
}
