//! A line: one client's socket and session on the shard, and how they end.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::cached_frame::{CachedFrame, Deflation, Form};
use super::clock::Moment;
use super::input::{Input, What};
use super::keepalive::{Keepalive, Verdict};
use super::outbox::Outbox;
use super::resources::Resources;
use super::room_task::RoomTask;
use super::socket::Socket;
use crate::protocol::{self, Action, Agreement, CloseFrame, Closing, Violation};
use crate::room::Member;
use crate::types::{ClientId, CloseInfo};

/// An outbox that grows past this between two flushes is written at once, so that it takes little memory.
const WRITE_EARLY_BYTES: usize = 64 << 10;

/// A client's socket and session. Its task, the `Reader`, reads. Senders queue frames in its outbox, which the shard's flush
/// writes.
pub struct Line {
    /// The client at the other end.
    member: Arc<Member>,
    /// The room that it is in.
    room: Rc<RoomTask>,
    socket: Socket,
    /// How messages to it are compressed, if compression was agreed on.
    deflation: Option<Box<Deflation>>,
    outbox: Cell<Outbox>,
    closing: Cell<Closing>,
    /// Whether it is in the list of lines to flush.
    dirty: Cell<bool>,
    /// Whether the kernel's buffer is full.
    blocked: Cell<bool>,
    /// The time of silence of an open connection; for a closing one, the time since our close frame was queued.
    keepalive: Keepalive,
    task: Cell<Option<Waker>>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("member", &self.member).field("closing", &self.closing).finish_non_exhaustive()
    }
}

impl Line {
    /// The line of a connection that has just been upgraded.
    pub fn new(member: Arc<Member>, room: Rc<RoomTask>, socket: Socket, agreement: Option<Agreement>, now: Moment) -> Self {
        // The handshake may have left TLS with something to write.
        let blocked = Cell::new(socket.has_unsent());
        Self {
            member,
            room,
            socket,
            deflation: agreement.map(|agreement| Box::new(Deflation::new(agreement))),
            outbox: Cell::default(),
            closing: Cell::default(),
            dirty: Cell::new(false),
            blocked,
            keepalive: Keepalive::new(now),
            task: Cell::default(),
        }
    }

    /// The member at its other end.
    pub fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// The client's id.
    pub fn client(&self) -> ClientId {
        self.member.client.id
    }

    /// The room that it is in.
    pub fn room(&self) -> &RoomTask {
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

    /// Whether the task has nothing left to do.
    pub fn is_over(&self) -> bool {
        self.closing.get().is_over()
    }

    /// Reports an event to the closing handshake. Returns the action that follows.
    fn step(&self, report: impl FnOnce(&mut Closing) -> Action) -> Action {
        let mut closing = self.closing.get();
        let action = report(&mut closing);
        self.closing.set(closing);
        if !closing.takes_messages() {
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
    fn waiting(&self) -> usize {
        self.with_outbox(|outbox| outbox.len())
    }

    /// Queues a message. The size of its plain form was added to the waiting bytes when it was staged.
    pub fn queue(&self, resources: &Resources, frame: &mut CachedFrame<'_>) {
        let counted = frame.len();
        if !self.closing.get().takes_messages() {
            self.member.sub_waiting(counted);
            return;
        }
        frame.form_for(self.deflation.as_deref(), resources, |form| {
            let queued = form.bytes().len();
            if queued != counted {
                self.member.sub_waiting(counted);
                self.member.add_waiting(queued);
            }
            let mut spares = resources.spares.borrow_mut();
            self.with_outbox(|outbox| match form {
                Form::Copied(bytes) => outbox.append(&mut spares, |out| out.extend_from_slice(bytes)),
                Form::Shared(bytes) => outbox.append_shared(&mut spares, Bytes::clone(bytes)),
            });
        });
        self.queued(resources);
    }

    /// Queues a message from the server's owner, which is not counted yet.
    pub fn queue_uncounted(&self, resources: &Resources, frame: &mut CachedFrame<'_>) {
        if self.is_open() {
            self.member.add_waiting(frame.len());
            self.queue(resources, frame);
        }
    }

    /// Queues a control frame.
    pub fn queue_control(&self, resources: &Resources, write: impl FnOnce(&mut Vec<u8>)) {
        self.with_outbox(|outbox| {
            let before = outbox.len();
            outbox.append(&mut resources.spares.borrow_mut(), write);
            self.member.add_waiting(outbox.len() - before);
        });
        self.queued(resources);
    }

    /// Ends the connection from our side. The close frame goes behind everything that waits; the room is told at once.
    pub fn close(&self, resources: &Resources, info: CloseInfo) {
        let action = self.step(Closing::close);
        self.act(resources, action, info);
    }

    /// Ends the connection because the client broke a rule of the protocol.
    pub fn close_broken(&self, resources: &Resources, violation: Violation) {
        tracing::debug!(client = self.client().get(), "protocol violation: {violation}");
        let action = self.step(Closing::violated);
        self.act(resources, action, CloseInfo::violation(violation));
    }

    /// The client's close frame has come: the end from its side, or the answer to ours.
    pub fn close_received(&self, resources: &Resources, frame: Option<CloseFrame>) {
        let action = self.step(Closing::received);
        self.act(resources, action, CloseInfo::client(frame));
    }

    /// The client sends no more: its earlier messages are still answered.
    pub fn half_closed(&self, resources: &Resources) {
        let action = self.step(Closing::half_closed);
        self.act(resources, action, CloseInfo::lost());
    }

    /// Replies to the client's close frame (RFC 6455 §5.5.1), or ends the line of a client that sends no more. The room calls this
    /// when it commits the client's leaving.
    pub fn reply(&self, resources: &Resources, info: CloseInfo) {
        let action = self.step(Closing::reply);
        self.act(resources, action, info);
    }

    /// Ends the connection without a close frame. The outbox is dropped, and the room is told unless it knows already.
    pub fn cut(&self, resources: &Resources, info: CloseInfo) {
        let action = self.step(Closing::failed);
        let dropped = self.with_outbox(Outbox::clear);
        self.member.sub_waiting(dropped);
        self.wake_task();
        if action == Action::Lose {
            self.leave(resources, info);
        }
    }

    /// Takes an action of the closing handshake, for which `info` is the reason.
    fn act(&self, resources: &Resources, action: Action, info: CloseInfo) {
        match action {
            Action::Close => {
                self.queue_close(resources, &info);
                self.leave(resources, info);
            }
            Action::Reply => self.queue_close(resources, &info),
            // The room replies when it commits this input.
            Action::Leave => self.leave(resources, info),
            Action::Flush => {
                self.keepalive.note_heard(resources.exact_now());
                if self.waiting() == 0 && !self.blocked.get() {
                    self.flushed(resources);
                }
            }
            _ => {}
        }
    }

    fn queue_close(&self, resources: &Resources, info: &CloseInfo) {
        self.keepalive.note_heard(resources.exact_now());
        self.queue_control(resources, |out| protocol::write_close(out, info.code, &info.reason));
    }

    fn leave(&self, resources: &Resources, info: CloseInfo) {
        self.deliver(resources, What::Left(self.client(), info));
    }

    fn deliver(&self, resources: &Resources, what: What) {
        self.room.deliver(Input { at: resources.time(), what });
    }

    fn queued(&self, resources: &Resources) {
        self.member.settle_over_soft();
        if self.waiting() > WRITE_EARLY_BYTES && !self.blocked.get() {
            self.write(resources);
        }
        if self.waiting() > resources.limits.outbox_hard_bytes {
            self.overflow(resources);
        }
        if !self.dirty.replace(true)
            && let Some(id) = self.member.line()
        {
            resources.flush_later(id.slot);
        }
    }

    /// The verdict for a full outbox is 1013. A connection that is closing gets no more than its close frame.
    fn overflow(&self, resources: &Resources) {
        if self.closing.get().takes_messages() {
            self.close(resources, CloseInfo::reads_too_slowly());
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
            self.with_outbox(|outbox| outbox.write_to(&mut spares, |slices| self.socket.try_write(slices)))
        };
        let result = result.and_then(|(written, blocked)| Ok((written, blocked || !self.socket.flush_tls()?)));
        let (written, blocked) = match result {
            Ok(result) => result,
            Err(error) => {
                tracing::debug!(client = self.client().get(), "the connection is lost: {error}");
                return self.cut(resources, CloseInfo::lost());
            }
        };
        self.member.sub_waiting(written);
        self.blocked.set(blocked);
        if blocked {
            return self.wake_task();
        }
        self.flushed(resources);
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
            // The task either ends or reads on: a closing line does not wait for room in the mailbox.
            _ => self.wake_task(),
        }
    }

    /// For the task: writes when the kernel takes more, and keeps the task's waker.
    pub fn poll_write(&self, cx: &mut Context<'_>, resources: &Resources) {
        let task = self.task.take().filter(|waker| waker.will_wake(cx.waker()));
        self.task.set(task.or_else(|| Some(cx.waker().clone())));
        while self.blocked.get() && !self.is_over() {
            match self.socket.poll_write_ready(cx) {
                Poll::Ready(_) => self.write(resources),
                Poll::Pending => return,
            }
        }
    }

    /// For the task: reads into `buffer`. 0 is the end of the client's side.
    pub fn poll_read(&self, cx: &mut Context<'_>, resources: &Resources, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
        self.socket.poll_read(cx, &resources.ciphertext, buffer)
    }

    /// The task calls this last. With TLS it sends close_notify, so that the client can tell the end from a truncation.
    pub fn end(&self) {
        self.socket.end();
    }

    fn wake_task(&self) {
        if let Some(task) = self.task.take() {
            task.wake_by_ref();
            self.task.set(Some(task));
        }
    }

    /// Once per sweep: pings a silent client, cuts it if it stays silent, and cuts one that does not answer our close frame.
    pub fn sweep(&self, resources: &Resources) {
        let now = resources.now();
        let limits = &resources.limits;
        if !self.is_open() {
            if self.step(|closing| closing.waited(self.keepalive.time(now), limits.close_timeout)) == Action::End {
                self.cut(resources, CloseInfo::lost());
            }
            return;
        }
        // The client may have sent something: nothing is read while the mailbox is full.
        if self.room.mailbox.is_full() {
            return self.keepalive.note_heard(now);
        }
        match self.keepalive.look(now, limits) {
            Verdict::Fine => {}
            Verdict::Ping => self.queue_control(resources, |out| protocol::write_ping(out, b"")),
            Verdict::Gone => self.cut(resources, CloseInfo::timeout()),
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
        assert!(counts + size_of::<Line>() <= 128, "a line has {} bytes", size_of::<Line>());
        assert!(counts + size_of::<Member>() <= 112, "a member has {} bytes", size_of::<Member>());
    }
}
