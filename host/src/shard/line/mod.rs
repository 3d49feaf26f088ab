//! A line: one client's socket and session on the shard.
//!
//! | file | owns |
//! | --- | --- |
//! | `terms` | compression, and a session that outlives the line |
//! | `session` | a line as one of the lines of a session |
//! | `ending` | how a line ends |
//! | `sweep` | the look at a line once a second |

mod ending;
mod session;
mod sweep;
mod terms;

use std::cell::Cell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::protocol::{Action, Closing};
use crate::room::Member;
use crate::shard::cached_frame::{CachedFrame, Form};
use crate::shard::clock::Moment;
use crate::shard::input::{Input, What};
use crate::shard::keepalive::Keepalive;
use crate::shard::ledger::Ledger;
use crate::shard::outbox::Outbox;
use crate::shard::resources::Resources;
use crate::shard::room_task::RoomTask;
use crate::shard::socket::Socket;
use crate::shard::sockets::{Ready, Sockets};
use crate::shard::traffic::Count;
use crate::types::ClientId;

pub use terms::Terms;

/// An outbox that grows past this between two flushes is written at once, so that it takes little memory.
const WRITE_EARLY_BYTES: usize = 64 << 10;

/// A client's socket and session. Its `Reader` reads. Senders queue frames in its outbox, which the shard's flush writes.
pub struct Line {
    /// The client at the other end.
    member: Arc<Member>,
    /// The room that it is in.
    room: Rc<RoomTask>,
    socket: Socket,
    /// Compression and a session, if it has one of them.
    terms: Option<Box<Terms>>,
    outbox: Cell<Outbox>,
    closing: Cell<Closing>,
    /// Whether it is in the list of lines to flush.
    dirty: Cell<bool>,
    /// Whether the kernel's buffer is full.
    blocked: Cell<bool>,
    /// The time of silence, and of the answer to our ping or close frame.
    keepalive: Keepalive,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("member", &self.member).field("closing", &self.closing).finish_non_exhaustive()
    }
}

impl Line {
    /// The line of a connection that has just been upgraded.
    pub fn new(member: Arc<Member>, room: Rc<RoomTask>, socket: Socket, terms: Option<Box<Terms>>, now: Moment) -> Self {
        // The handshake may have left TLS with something to write.
        let blocked = Cell::new(socket.has_unsent());
        Self {
            member,
            room,
            socket,
            terms,
            outbox: Cell::default(),
            closing: Cell::default(),
            dirty: Cell::new(false),
            blocked,
            keepalive: Keepalive::new(now),
        }
    }

    /// The member at its other end.
    pub fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// Its slot in the shard's table, until it is taken off.
    fn slot(&self) -> Option<u32> {
        match self.terms.as_deref() {
            Some(Terms::Session(session)) => Some(session.slot),
            _ => self.member.line().map(|line| line.slot),
        }
    }

    /// The client's id.
    pub fn client(&self) -> ClientId {
        self.member.client.id
    }

    /// The room that it is in.
    pub fn room(&self) -> &Rc<RoomTask> {
        &self.room
    }

    /// Whether it belongs to this room.
    pub fn is_in(&self, room: &Rc<RoomTask>) -> bool {
        Rc::ptr_eq(&self.room, room)
    }

    /// Whether messages go both ways.
    pub fn is_open(&self) -> bool {
        self.closing.get().is_open()
    }

    /// Whether its reader has nothing left to do.
    pub fn is_over(&self) -> bool {
        self.closing.get().is_over()
    }

    /// Reports an event to the closing handshake. Returns the action that follows.
    fn step(&self, report: impl FnOnce(&mut Closing) -> Action) -> Action {
        let mut closing = self.closing.get();
        let action = report(&mut closing);
        self.closing.set(closing);
        // Messages to a client whose session goes on wait for the next line.
        if !closing.takes_messages() && self.session().is_none_or(|session| session.is_over() && self.is_latest()) {
            self.member.set_closing();
        }
        action
    }

    /// The client has sent something.
    pub fn note_heard(&self, resources: &Resources) {
        if self.is_open() {
            self.keepalive.note_heard(resources.now());
        }
    }

    /// The shard stood still for this long, and could hear nobody.
    pub fn excuse(&self, held_up: Duration) {
        self.keepalive.excuse(held_up);
    }

    /// Lends the outbox. A plain cell adds nothing to its size: an idle client is little more than its line.
    fn with_outbox<T>(&self, act: impl FnOnce(&mut Outbox) -> T) -> T {
        let mut outbox = self.outbox.take();
        let result = act(&mut outbox);
        self.outbox.set(outbox);
        result
    }

    /// The number of bytes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.with_outbox(|outbox| outbox.len())
    }

    /// The memory that its outbox holds.
    pub fn memory(&self) -> usize {
        self.with_outbox(|outbox| outbox.memory())
    }

    /// The next message takes the client over its soft limit. It is owed an `on_drain`, if it can be sent that message at all.
    pub fn owe_drain(&self, resources: &Resources) {
        if self.closing.get().takes_messages() {
            self.member.owe_drain();
            resources.counts.over_soft.count();
        }
    }

    /// Whether the kernel takes nothing more for now.
    pub fn is_blocked(&self) -> bool {
        self.blocked.get()
    }

    /// Enters the memory of its outbox into a ledger.
    pub fn count_outbox(&self, ledger: &mut Ledger) {
        let client = self.client();
        let mut shared = Vec::new();
        self.with_outbox(|outbox| {
            outbox.count(|bytes| ledger.add(client, bytes), |address, bytes| shared.push((address, bytes)));
        });
        shared.into_iter().for_each(|(address, bytes)| ledger.add_shared(client, address, bytes));
    }

    /// Whether the client's frames no longer matter.
    pub fn ignores_input(&self) -> bool {
        self.closing.get().ignores_input()
    }

    /// Queues a message. The size of its plain form was added to the waiting bytes when it was staged.
    pub fn queue(&self, resources: &Resources, frame: &mut CachedFrame<'_>) {
        let counted = frame.len();
        if !self.closing.get().takes_messages() {
            self.member.sub_waiting(counted);
            return;
        }
        match self.terms.as_deref() {
            None => frame.form_for(None, resources, |form| self.put(resources, counted, form)),
            Some(Terms::Compressed(deflation)) => {
                frame.form_for(Some(deflation), resources, |form| self.put(resources, counted, form));
            }
            Some(Terms::Session(session)) => {
                session.kept.keep(frame.wrapped(), counted);
                resources.hold(counted);
                frame.wrapped_for(session.deflation.as_deref(), resources, |form| self.put(resources, counted, form));
            }
        }
        self.queued(resources);
    }

    /// Puts a message into the outbox. This many of its bytes count as waiting already.
    fn put(&self, resources: &Resources, counted: usize, form: Form<'_>) {
        let queued = form.bytes().len();
        if queued != counted {
            self.member.sub_waiting(counted);
            self.member.add_waiting(queued);
        }
        if self.blocked.get() {
            resources.hold(queued);
        }
        let mut spares = resources.spares.borrow_mut();
        self.with_outbox(|outbox| match form {
            Form::Copied(bytes) => outbox.append_message(&mut spares, |out| out.extend_from_slice(bytes)),
            Form::Shared(bytes) => outbox.append_shared(&mut spares, Bytes::clone(bytes)),
        });
    }

    /// Queues a control frame.
    pub fn queue_control(&self, resources: &Resources, write: impl FnOnce(&mut Vec<u8>)) {
        let added = self.with_outbox(|outbox| {
            let before = outbox.len();
            outbox.append(&mut resources.spares.borrow_mut(), write);
            outbox.len() - before
        });
        self.member.add_waiting(added);
        if self.blocked.get() {
            resources.hold(added);
        }
        self.queued(resources);
    }

    /// Has its room handle the messages that wait in this turn of the driver, before something else that the client has sent after them: their
    /// answers go out before a pong or a close frame.
    pub fn run_gathered(&self, resources: &Resources) {
        if self.room.gathers.get() {
            resources.run_gathered(&self.room);
        }
    }

    fn deliver(&self, resources: &Resources, what: What) {
        self.room.deliver(Input { at: resources.time(), what });
    }

    fn queued(&self, resources: &Resources) {
        if self.waiting() > WRITE_EARLY_BYTES && !self.blocked.get() {
            self.write(resources);
        }
        if self.waiting() > resources.limits.outbox_hard_bytes {
            self.overflow(resources);
        }
        if !self.dirty.replace(true)
            && let Some(slot) = self.slot()
        {
            resources.wakes.flush(slot);
        }
    }

    /// Writes the outbox, for the shard's flush.
    pub fn flush(&self, resources: &Resources) {
        self.dirty.set(false);
        if !self.blocked.get() {
            self.write(resources);
        }
    }

    /// Writes the outbox in as few vectored writes as the kernel allows.
    fn write(&self, resources: &Resources) {
        let result = {
            let mut spares = resources.spares.borrow_mut();
            self.with_outbox(|outbox| {
                let messages = outbox.take_messages();
                let (written, blocked) = outbox.write_to(&mut spares, |slices| self.socket.try_write(slices))?;
                Ok((Count { messages: messages.into(), bytes: written as u64 }, blocked))
            })
        };
        let result = result.and_then(|(sent, blocked)| Ok((sent, blocked || !self.socket.flush_tls()?)));
        let (sent, blocked) = match result {
            Ok(result) => result,
            Err(error) => return self.lost(resources, &error),
        };
        self.note_sent(resources, sent);
        if blocked && !self.blocked.get() {
            resources.counts.blocked_writes.count();
            resources.hold(self.waiting());
        }
        self.blocked.set(blocked);
        if !blocked {
            self.flushed(resources);
        }
    }

    fn note_sent(&self, resources: &Resources, sent: Count) {
        self.member.sub_waiting(sent.bytes as usize);
        if let Some(slot) = self.slot() {
            resources.traffic.note_sent(slot, sent);
        }
    }

    /// Nothing waits to be written any more.
    fn flushed(&self, resources: &Resources) {
        if self.is_open() {
            if self.member.take_drained() {
                self.deliver(resources, What::Drained(self.client()));
            }
            return;
        }
        match self.step(Closing::flushed) {
            Action::Shut => self.socket.shut(),
            // The reader either ends or reads on: a closing line does not wait for room in the mailbox.
            _ => self.wake_reader(resources),
        }
    }

    /// Adds its socket to the shard's set.
    ///
    /// # Errors
    /// The system does not watch it: the line is to be ended as lost.
    pub fn watch(&self, sockets: &Sockets, slot: u32) -> io::Result<()> {
        sockets.add(&&self.socket, slot)
    }

    /// The kernel tells that its socket is ready: writes if it takes more.
    pub fn note_ready(&self, resources: &Resources, ready: Ready) {
        self.socket.note(ready);
        if ready.write && self.blocked.get() && !self.is_over() {
            self.write(resources);
        }
    }

    /// For the reader: reads into `buffer`. `None` if nothing has come, and 0 at the end of the client's side.
    pub fn read(&self, resources: &Resources, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        self.socket.read(&resources.ciphertext, buffer)
    }

    /// The reader calls this last. With TLS it sends close_notify, so that the client can tell the end from a truncation.
    pub fn end(&self) {
        self.socket.end();
    }

    /// Has the reader run soon.
    fn wake_reader(&self, resources: &Resources) {
        if let Some(slot) = self.slot() {
            resources.wakes.run(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_line_and_a_member_stay_in_their_size_classes() {
        let counts = 2 * size_of::<usize>();
        assert!(counts + size_of::<Line>() <= 112, "a line has {} bytes", size_of::<Line>());
        assert!(counts + size_of::<Member>() <= 112, "a member has {} bytes", size_of::<Member>());
    }
}
