//! One client's connection: what it owns, and how it ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio::net::tcp::OwnedReadHalf;

use super::keepalive::{Keepalive, Verdict};
use super::mailbox::Event;
use super::outbox::Outbox;
use super::parcel::{Deflation, Form, Parcel};
use super::seat::Seat;
use super::stream::Stream;
use super::table::Shard;
use crate::protocol::{self, Agreement, CloseFrame, Violation};
use crate::room::Peer;
use crate::types::CloseInfo;

/// An outbox that grows past this within a turn is written at once, so that a turn's memory stays small.
const WRITE_EARLY_BYTES: usize = 64 << 10;

/// How far a connection's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Messages go both ways.
    Open,
    /// Our close frame is queued; the room has been told that the client left. What the client still sends is dropped.
    Closing {
        /// Since when.
        since: Instant,
        /// Whether the client's close frame is here too, so that nothing is left to wait for.
        answered: bool,
        /// Whether the client broke the protocol: then its answer cannot be understood, and our side of the
        /// connection is shut once the close frame is written.
        broken: bool,
    },
    /// Nothing goes any more; the task ends.
    Over,
}

/// A connection. Its task reads; whoever has something for it queues it in the outbox; the shard writes that at the
/// end of its turn.
#[derive(Debug)]
pub struct Connection {
    /// Who is at the other end.
    pub peer: Arc<Peer>,
    /// The room that it is in.
    pub seat: Rc<Seat>,
    stream: Stream,
    /// How messages to it are compressed, if that was agreed on.
    deflation: Option<Box<Deflation>>,
    outbox: RefCell<Outbox>,
    phase: Cell<Phase>,
    /// Queued for writing at the end of this turn.
    dirty: Cell<bool>,
    /// The kernel's buffer is full.
    blocked: Cell<bool>,
    /// When something came last.
    pub keepalive: Keepalive,
    task: RefCell<Option<Waker>>,
}

impl Connection {
    /// A connection that has just been upgraded.
    pub fn new(peer: Arc<Peer>, seat: Rc<Seat>, stream: Stream, agreement: Option<Agreement>, now: Instant) -> Self {
        // TLS may have something left to say from before.
        let blocked = Cell::new(stream.has_unsent());
        Self {
            peer,
            seat,
            stream,
            deflation: agreement.map(|agreement| Box::new(Deflation::new(agreement))),
            outbox: RefCell::default(),
            phase: Cell::new(Phase::Open),
            dirty: Cell::new(false),
            blocked,
            keepalive: Keepalive::new(now),
            task: RefCell::default(),
        }
    }

    /// How far its end has come.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Whether messages go both ways.
    pub fn is_open(&self) -> bool {
        self.phase() == Phase::Open
    }

    /// Queues a message. The bytes of its plain form were added to `waiting_bytes` when it was staged.
    pub fn queue(self: &Rc<Self>, shard: &Shard, parcel: &mut Parcel<'_>) {
        let counted = parcel.len();
        if !self.is_open() {
            self.peer.sub_waiting(counted);
            return;
        }
        parcel.form_for(self.deflation.as_deref(), shard, |form| {
            let queued = form.bytes().len();
            if queued != counted {
                self.peer.sub_waiting(counted);
                self.peer.add_waiting(queued);
            }
            let mut outbox = self.outbox.borrow_mut();
            match form {
                Form::Copied(bytes) => outbox.append(&mut shard.spare.borrow_mut(), |out| out.extend_from_slice(bytes)),
                Form::Shared(bytes) => outbox.append_shared(Bytes::clone(bytes)),
            }
        });
        self.queued(shard);
    }

    /// Queues a message of the owner's. Nothing has counted its bytes yet.
    pub fn queue_uncounted(self: &Rc<Self>, shard: &Shard, parcel: &mut Parcel<'_>) {
        if self.is_open() {
            self.peer.add_waiting(parcel.len());
            self.queue(shard, parcel);
        }
    }

    /// Queues a control frame.
    pub fn queue_control(self: &Rc<Self>, shard: &Shard, write: impl FnOnce(&mut Vec<u8>)) {
        let mut outbox = self.outbox.borrow_mut();
        let before = outbox.len();
        outbox.append(&mut shard.spare.borrow_mut(), write);
        self.peer.add_waiting(outbox.len() - before);
        drop(outbox);
        self.queued(shard);
    }

    /// Ends the connection from our side: a close frame behind all that waits, and the room is told at once.
    pub fn close(self: &Rc<Self>, shard: &Shard, info: CloseInfo) {
        self.begin_closing(shard, info, false, false);
    }

    /// Ends the connection because the client broke a rule of the protocol.
    pub fn close_broken(self: &Rc<Self>, shard: &Shard, violation: Violation) {
        tracing::debug!(client = self.peer.client.id, "protocol violation: {violation}");
        self.begin_closing(shard, CloseInfo::violation(violation), false, true);
    }

    /// The client's close frame has come: the end from its side, or the answer to ours.
    pub fn close_received(self: &Rc<Self>, shard: &Shard, frame: Option<CloseFrame>) {
        if let Phase::Closing { since, broken, .. } = self.phase() {
            self.phase.set(Phase::Closing { since, answered: true, broken });
            self.wake_task();
            return;
        }
        self.begin_closing(shard, CloseInfo::client(frame), true, false);
    }

    fn begin_closing(self: &Rc<Self>, shard: &Shard, info: CloseInfo, answered: bool, broken: bool) {
        if !self.is_open() {
            return;
        }
        self.phase.set(Phase::Closing { since: Instant::now(), answered, broken });
        self.peer.set_closing(true);
        self.queue_control(shard, |out| protocol::write_close(out, info.code, &info.reason));
        self.seat.deliver(Event::Left(self.peer.client.id, info));
    }

    /// The connection is lost or cut: what waits is dropped, and the room is told unless it knows.
    pub fn cut(&self, info: CloseInfo) {
        let was_open = self.is_open();
        self.phase.set(Phase::Over);
        self.peer.set_closing(true);
        let dropped = self.outbox.borrow_mut().clear();
        self.peer.sub_waiting(dropped);
        self.wake_task();
        if was_open {
            self.seat.deliver(Event::Left(self.peer.client.id, info));
        }
    }

    fn queued(self: &Rc<Self>, shard: &Shard) {
        self.peer.settle_over_soft();
        if self.outbox.borrow().len() > WRITE_EARLY_BYTES && !self.blocked.get() {
            self.write(shard);
        }
        if self.outbox.borrow().len() > shard.limits.outbox_hard_bytes {
            self.overflow(shard);
        }
        if !self.dirty.replace(true) {
            shard.write_later(self);
        }
    }

    /// The verdict for a full outbox: 1013. A connection that is closing already gets nothing more than its close frame.
    fn overflow(self: &Rc<Self>, shard: &Shard) {
        if self.is_open() {
            self.close(shard, CloseInfo::overload("too much waits to be read"));
        }
    }

    /// Writes what waits at the end of a turn.
    pub fn write_turn(&self, shard: &Shard) {
        self.dirty.set(false);
        if !self.blocked.get() {
            self.write(shard);
        }
    }

    /// Writes what waits, in as few vectored writes as the kernel allows.
    fn write(&self, shard: &Shard) {
        let result = {
            let mut spare = shard.spare.borrow_mut();
            self.outbox.borrow_mut().write_to(&mut spare, |slices| self.stream.try_write(slices))
        };
        let result = result.and_then(|(written, blocked)| Ok((written, blocked || !self.stream.flush()?)));
        let (written, blocked) = match result {
            Ok(result) => result,
            Err(error) => {
                tracing::debug!(client = self.peer.client.id, "the connection is lost: {error}");
                return self.cut(CloseInfo::lost());
            }
        };
        self.peer.sub_waiting(written);
        self.blocked.set(blocked);
        if blocked {
            return self.wake_task();
        }
        match self.phase() {
            Phase::Open if self.peer.take_drained() => self.seat.deliver(Event::Drained(self.peer.client.id)),
            Phase::Closing { broken: true, .. } => {
                // The client reads our close frame and then the end, however much of its own is still on the way:
                // closing the socket now would reset the connection and could take the frame with it.
                self.stream.shut();
            }
            Phase::Closing { .. } => self.wake_task(),
            _ => {}
        }
    }

    /// Whether nothing is left to be done, for the task: it is over, or both close frames have gone their way.
    pub fn is_finished(&self) -> bool {
        match self.phase() {
            Phase::Open => false,
            Phase::Closing { answered, .. } => answered && self.outbox.borrow().is_empty() && !self.blocked.get(),
            Phase::Over => true,
        }
    }

    /// For the task: writes on when the kernel takes more, and remembers whom to wake.
    pub fn poll_write(&self, cx: &mut Context<'_>, shard: &Shard) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        drop(task);
        while self.blocked.get() && self.phase() != Phase::Over {
            match self.stream.poll_write_ready(cx) {
                Poll::Ready(_) => self.write(shard),
                Poll::Pending => return,
            }
        }
    }

    /// For the task: reads what has come. 0 is the end of the client's side.
    pub fn poll_read(
        &self,
        cx: &mut Context<'_>,
        shard: &Shard,
        socket: &mut OwnedReadHalf,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        self.stream.poll_read(cx, socket, &shard.ciphertext, buffer)
    }

    /// For the task, at its end: with TLS, tells the client that nothing was cut off.
    pub fn end(&self) {
        self.stream.end();
    }

    fn wake_task(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Once per sweep: pings who is silent, gives up who stays so, cuts who does not answer our close frame.
    pub fn sweep(self: &Rc<Self>, shard: &Shard) {
        let now = shard.now();
        let limits = &shard.limits;
        match self.phase() {
            // It may have spoken: nothing is read from it while its room has too much to do.
            Phase::Open if self.seat.mailbox.is_full() => self.keepalive.note_heard(now),
            Phase::Open => match self.keepalive.look(now, limits) {
                Verdict::Fine => {}
                Verdict::Ping => self.queue_control(shard, |out| protocol::write_ping(out, b"")),
                Verdict::Gone => self.cut(CloseInfo::timeout()),
            },
            Phase::Closing { since, .. } => {
                if now.saturating_duration_since(since) >= limits.close_timeout {
                    self.cut(CloseInfo::lost());
                }
            }
            Phase::Over => {}
        }
    }
}
