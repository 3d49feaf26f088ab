//! The table of one shard's lines.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use super::callers::Callers;
use super::circuits::Circuits;
use super::line::Line;
use super::log_limits::LogLimits;
use super::resources::Resources;
use super::room_task::RoomTask;
use super::roster::Roster;
use super::sockets::{Ready, Sockets};
use super::upgrades::Upgrades;
use crate::bus::Bus;
use crate::config::Limits;
use crate::fetch::{LazyClient, Outlet};
use crate::room::{LineId, Member};
use crate::store::wall_us;
use crate::trace::Tracer;
use crate::types::{Client, ClientId, CloseInfo};

/// The lines of one shard, and the resources that they share. All of it is used on one thread. No borrow is held while a
/// handler runs.
#[derive(Debug)]
pub struct Shard {
    index: u32,
    resources: Resources,
    upgrades: Upgrades,
    callers: Callers,
    log_limits: LogLimits,
    circuits: RefCell<Circuits>,
    /// The clients of all shards, for other threads to see.
    roster: Arc<Roster>,
    lines: RefCell<Slab<Rc<Line>>>,
    readers: RefCell<Readers>,
    /// The set of their sockets.
    sockets: Sockets,
    /// The connections that have no line yet, because their clients say hello first.
    strangers: Cell<usize>,
    swept: Cell<Instant>,
    /// The way of messages between rooms.
    bus: Arc<Bus>,
    /// The client that sends requests to HTTP servers.
    client: Arc<LazyClient>,
    /// Makes the spans of its rooms.
    tracer: Option<Tracer>,
    /// Wakes a task that waits for the last line to end.
    emptied: tokio::sync::Notify,
}

/// The reading half of a line.
pub(super) trait Reads {
    /// Reads and delivers until there is nothing to do for now. Returns whether the connection is over; its line is off the shard then.
    /// `now` is the time at which the bytes had come.
    fn run(&mut self, shard: &Shard, id: LineId, line: &Line, now: Instant) -> bool;

    /// Logs the line's end, once.
    fn log_end(&self, shard: &Shard, slot: u32, client: ClientId);
}

/// The readers of the lines by their slots. One that runs is not here.
#[derive(Default)]
struct Readers(Vec<Option<Box<dyn Reads>>>);

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Readers").field(&self.0.len()).finish()
    }
}

impl Readers {
    fn put(&mut self, slot: u32, reader: Box<dyn Reads>) {
        let slot = slot as usize;
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        self.0[slot] = Some(reader);
    }

    fn take(&mut self, slot: u32) -> Option<Box<dyn Reads>> {
        self.0.get_mut(slot as usize)?.take()
    }
}

/// A connection that waits for the hello of its client.
#[derive(Debug)]
pub(super) struct Stranger(Rc<Shard>);

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.strangers.set(self.0.strangers.get() - 1);
        if self.0.is_empty() {
            self.0.emptied.notify_waiters();
        }
    }
}

impl Shard {
    /// A shard without lines. `index` is its number among the server's shards.
    ///
    /// # Errors
    /// The system has no descriptor for the set of its sockets.
    pub fn new(
        index: u32,
        limits: Limits,
        roster: Arc<Roster>,
        outlet: Arc<Outlet>,
        bus: Arc<Bus>,
        tracer: Option<Tracer>,
    ) -> io::Result<Rc<Self>> {
        Ok(Rc::new(Self {
            index,
            sockets: Sockets::new()?,
            circuits: RefCell::new(Circuits::new(&limits)),
            resources: Resources::new(limits),
            upgrades: Upgrades::default(),
            callers: Callers::default(),
            log_limits: LogLimits::default(),
            roster,
            lines: RefCell::default(),
            readers: RefCell::default(),
            strangers: Cell::new(0),
            swept: Cell::new(Instant::now()),
            bus,
            client: Arc::new(LazyClient::new(outlet)),
            tracer,
            emptied: tokio::sync::Notify::new(),
        }))
    }

    /// Its number among the server's shards.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// Makes the spans of its rooms, if anybody collects them.
    pub fn tracer(&self) -> Option<&Tracer> {
        self.tracer.as_ref()
    }

    /// The resources that its lines share.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }

    /// The server's limits.
    pub fn limits(&self) -> &Limits {
        &self.resources.limits
    }

    /// The time, read from the clock.
    pub fn time(&self) -> Instant {
        self.resources.time()
    }

    /// The set of the sockets of its lines.
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// Upgrade requests that wait for a room's decision.
    pub fn upgrades(&self) -> &Upgrades {
        &self.upgrades
    }

    /// Plain HTTP requests whose clients wait.
    pub fn callers(&self) -> &Callers {
        &self.callers
    }

    /// The way of messages between rooms.
    pub fn bus(&self) -> &Arc<Bus> {
        &self.bus
    }

    /// The client that sends requests to HTTP servers.
    pub fn client(&self) -> &Arc<LazyClient> {
        &self.client
    }

    /// The limits on log lines that clients can cause.
    pub fn log_limits(&self) -> &LogLimits {
        &self.log_limits
    }

    /// The circuits of its rooms, which outlive them.
    pub fn circuits(&self) -> RefMut<'_, Circuits> {
        self.circuits.borrow_mut()
    }

    /// The id of the line that is inserted next.
    pub fn next_id(&self) -> LineId {
        let slot = u32::try_from(self.lines.borrow().vacant_key()).expect("a process has fewer than 2^32 descriptors");
        self.line_id(slot)
    }

    /// Adds a client that comes over this line to a room.
    pub fn add_client(&self, client: Client, line: LineId, room: &RoomTask) -> Arc<Member> {
        let member = Arc::new(Member::new(client, line).connected_at(wall_us() / 1_000_000));
        self.roster.insert(Arc::clone(&member));
        room.lines.insert(member.client.id, line.slot);
        member
    }

    /// A client has gone for good.
    pub(super) fn forget_client(&self, client: ClientId, room: &RoomTask) {
        room.lines.remove(client);
        self.roster.remove(client);
    }

    /// Adds a line, whose id `next_id` has told, with its reader.
    pub(super) fn insert(&self, id: LineId, line: &Rc<Line>, reader: impl Reads + 'static) {
        let slot = self.lines.borrow_mut().insert(Rc::clone(line));
        self.readers.borrow_mut().put(id.slot, Box::new(reader));
        debug_assert_eq!(slot, id.slot as usize, "no line has come in between");
        self.resources.counts.opened.count();
    }

    /// Takes a line off the shard.
    pub fn remove(&self, id: LineId, line: &Line) {
        if self.lines.borrow_mut().try_remove(id.slot as usize).is_some() {
            self.resources.counts.note_closed(self.resources.traffic.cause(id.slot));
        }
        if line.session().is_none_or(|session| session.is_over() && line.is_latest()) {
            line.member().end_line(id);
            self.forget_client(line.client(), line.room());
        }
        if self.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// Takes all lines off, at the end of the shard: their readers do not run any more.
    pub fn clear(&self) {
        self.callers.clear();
        for (slot, line) in self.lines.take() {
            self.resources.traffic.note_end(slot as u32, &CloseInfo::cut_off(), None);
            if let Some(reader) = self.readers.borrow_mut().take(slot as u32) {
                reader.log_end(self, slot as u32, line.client());
            }
            self.resources.counts.note_closed(self.resources.traffic.cause(slot as u32));
            self.roster.remove(line.client());
        }
        self.resources.sessions.clear().into_iter().for_each(|client| self.roster.remove(client));
    }

    /// This line of this client, unless it has ended or a later one has taken its place.
    pub fn line(&self, client: ClientId, line: LineId) -> Option<Rc<Line>> {
        self.in_slot(line.slot).filter(|line| line.client() == client && line.is_latest())
    }

    /// Whether a room is the one that a client has asked for. A room of one client has no name that clients know.
    pub(super) fn is_in(&self, room: &RoomTask, asked_for: &str) -> bool {
        room.name() == asked_for || self.bus.is_nameless()
    }

    /// The id of the line in a slot.
    pub fn line_id(&self, slot: u32) -> LineId {
        LineId { shard: self.index, slot }
    }

    /// The line in a slot.
    pub(super) fn in_slot(&self, slot: u32) -> Option<Rc<Line>> {
        self.lines.borrow().get(slot as usize).cloned()
    }

    /// The table of lines, for loops that neither add nor remove.
    pub fn lines(&self) -> Ref<'_, Slab<Rc<Line>>> {
        self.lines.borrow()
    }

    /// Does something with each line, which may end it: no borrow is held meanwhile. A line that is added meanwhile may be
    /// left out.
    pub fn for_each(&self, mut act: impl FnMut(&Line)) {
        let slots = self.lines.borrow().capacity();
        for slot in 0..slots {
            let line = self.lines.borrow().get(slot).cloned();
            line.iter().for_each(|line| act(line));
        }
    }

    /// Notes that a connection waits for the hello of its client, until what this returns is dropped.
    pub(super) fn note_stranger(self: &Rc<Self>) -> Stranger {
        self.strangers.set(self.strangers.get() + 1);
        Stranger(Rc::clone(self))
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.lines.borrow().is_empty() && self.strangers.get() == 0
    }

    /// Resolves when the last line has ended.
    pub async fn emptied(&self) {
        while !self.is_empty() {
            self.emptied.notified().await;
        }
    }

    /// Runs the reader of a line. `ready` is what the kernel has told of its socket by `now`.
    pub(super) fn attend(&self, id: LineId, line: &Line, ready: Ready, now: Instant) {
        line.note_ready(&self.resources, ready);
        let Some(mut reader) = self.readers.borrow_mut().take(id.slot) else { return };
        if !reader.run(self, id, line, now) {
            self.readers.borrow_mut().put(id.slot, reader);
        }
    }

    /// Writes every outbox that has something new.
    pub fn flush(&self) {
        let mut slots = self.resources.wakes.take_to_flush();
        for slot in slots.drain(..) {
            // A line that has ended meanwhile had nothing to write. Another line in its slot is flushed early.
            if let Some(line) = self.in_slot(slot) {
                line.flush(&self.resources);
            }
        }
        // Handlers that ran meanwhile may have queued more; the next flush writes that.
        self.resources.wakes.return_to_flush(slots);
        if self.resources.holdings.may_be_over() {
            self.relieve();
        }
        if self.resources.sessions.may_be_over() {
            self.end_excess();
        }
    }

    /// Once per period: moves the clock on and looks after silent and closing connections. It was due at a time.
    pub fn sweep(&self, period: Duration, due: Instant) {
        let now = self.time();
        self.resources.counts.lag.note(now.saturating_duration_since(due));
        // A shard that stood still, in a native handler that blocks for example, has heard nobody meanwhile.
        let held_up = now.saturating_duration_since(self.swept.replace(now)).saturating_sub(2 * period);
        self.resources.set_now(now);
        self.for_each(|line| {
            if !held_up.is_zero() {
                line.excuse(held_up);
            }
            line.sweep(&self.resources);
        });
        self.resources.deliveries.end_sweep();
        self.sweep_messages(held_up);
        self.sweep_sessions(held_up);
        self.end_excess();
        self.relieve();
    }

    /// Cuts clients whose messages are unfinished for too long.
    fn sweep_messages(&self, held_up: Duration) {
        let (holdings, now) = (&self.resources.holdings, self.resources.now());
        holdings.excuse(held_up);
        for slot in holdings.overdue(now, self.limits().message_timeout) {
            match self.in_slot(slot) {
                // The rest of the message may have come: nothing is read while the mailbox is full.
                Some(line) if line.room().mailbox.is_full() => holdings.begin_anew(slot, now),
                Some(line) if line.is_open() => line.cut(&self.resources, CloseInfo::timeout()),
                _ => {}
            }
        }
    }
}
