//! A line's task: it reads frames and delivers their messages, until the connection is over.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::input::{Input, What};
use super::line::Line;
use super::mailbox::Feeder;
use super::new_connection::Permit;
use super::rate::Rate;
use super::resources::Resources;
use super::table::Shard;
use super::traffic::Count;
use crate::protocol::resume::MAX_BYTES as MAX_CONTROL_BYTES;
use crate::protocol::{self, Agreement, Incoming, Inflation, Session};
use crate::room::LineId;
use crate::types::{CloseInfo, Message};

/// Bytes that stay are copied below this size. The read buffer is four times as large.
const COPIED_BYTES: usize = 64 << 10;

/// The task's next step.
enum Next {
    /// Bytes are in the shard's read buffer.
    Read,
    /// The bytes that were left over when the room's mailbox was full can be delivered.
    GoOn,
    /// The client's side of the connection has ended in order.
    HalfClosed,
    /// The connection has failed, or is finished from our side.
    Finished,
}

/// Reads until the connection is over, and takes its line off the shard.
///
/// It is a future of its own and no `async fn`, which would keep its arguments twice. An idle client is little more than this.
pub struct Reader {
    shard: Rc<Shard>,
    id: LineId,
    line: Rc<Line>,
    session: Session,
    rate: Option<Box<Rate>>,
    /// The bytes that were left over when the room's mailbox was full. In a box, since there are rarely any.
    left_over: Option<Box<BytesMut>>,
    /// The client sends no more, so that nothing is read any more.
    half_closed: bool,
    /// Whether the room's mailbox was full, so that the client was not read.
    held_back: bool,
    /// Whether the shard counts bytes that it keeps.
    keeps: bool,
    begun: Instant,
    received: Count,
    /// Given back when the reader is dropped.
    _permit: Permit,
}

impl Reader {
    /// A reader of this line. `first` are the bytes that came with the upgrade request.
    pub fn new(shard: Rc<Shard>, id: LineId, line: Rc<Line>, session: Session, first: Bytes, permit: Permit) -> Self {
        let begun = shard.time();
        let rate = shard.limits().rate.map(|limit| Box::new(Rate::new(limit, begun)));
        let received = Count { messages: 0, bytes: first.len() as u64 };
        shard.resources().traffic.begin(id.slot);
        shard.resources().traffic.note_received(received);
        Self {
            shard,
            id,
            line,
            session,
            rate,
            half_closed: false,
            held_back: false,
            keeps: false,
            begun,
            received,
            left_over: own(BytesMut::from(first)),
            _permit: permit,
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let (resources, line) = (self.shard.resources(), &*self.line);
        line.poll_write(cx, resources);
        if line.is_over() {
            return Poll::Ready(Next::Finished);
        }
        if line.is_open() {
            let has_room = line.room().mailbox.poll_has_room(cx, Feeder::Line(self.id.slot as usize));
            match &mut self.rate {
                Some(rate) if has_room.is_pending() => rate.hold(resources.time()),
                Some(rate) => rate.release(|| resources.time()),
                None => {}
            }
            if has_room.is_pending() {
                if !std::mem::replace(&mut self.held_back, true) {
                    resources.counts.held_back.count();
                }
                return Poll::Pending;
            }
            if std::mem::take(&mut self.held_back) {
                resources.holdings.begin_anew(self.id.slot, resources.now());
            }
        }
        if self.left_over.is_some() {
            return Poll::Ready(Next::GoOn);
        }
        if self.half_closed {
            // The line wakes the task when it is over.
            return Poll::Pending;
        }
        match ready!(resources.read_into(|buffer| line.poll_read(cx, resources, buffer))) {
            Ok(0) => Poll::Ready(Next::HalfClosed),
            Ok(read) => {
                self.note_received(Count { messages: 0, bytes: read as u64 });
                Poll::Ready(Next::Read)
            }
            Err(error) => {
                line.note_end(resources, &CloseInfo::lost(), Some(&error));
                Poll::Ready(Next::Finished)
            }
        }
    }

    fn note_received(&mut self, more: Count) {
        self.received += more;
        self.shard.resources().traffic.note_received(more);
    }

    /// Delivers the messages that are complete in `input`, which came at this time. Stops early, with bytes left, when the room's
    /// mailbox is full. Returns whether there were messages.
    fn receive(&mut self, input: &mut BytesMut, at: Instant) -> bool {
        let (resources, line) = (self.shard.resources(), &*self.line);
        let mut any = false;
        loop {
            if line.is_open() && line.room().mailbox.is_full() {
                return any;
            }
            let incoming = self.session.receive(input);
            if let Some(rate) = &mut self.rate {
                let fragments = self.session.take_small_fragments();
                let allowed = match &incoming {
                    Ok(Some(Incoming::Message(message))) => line.is_confirmation(message) || rate.allows(at),
                    Ok(Some(Incoming::Ping(_))) => rate.allows(at),
                    Ok(Some(Incoming::Pong(_))) => rate.allows_pong(resources.limits.shortest_ping(), at),
                    _ => true,
                };
                if !allowed || !rate.allows_all(fragments, at) {
                    line.close(resources, CloseInfo::too_fast());
                }
            }
            match incoming {
                Ok(Some(Incoming::Message(message))) => {
                    any = true;
                    let Some(message) = line.unwrapped(resources, message) else { continue };
                    self.received.messages += 1;
                    resources.traffic.note_received(Count { messages: 1, bytes: 0 });
                    if line.is_open() {
                        deliver(resources, line, message, at);
                        line.confirm_if_due(resources);
                    }
                }
                Ok(Some(Incoming::Ping(payload))) => {
                    if line.is_open() {
                        line.queue_control(resources, |out| protocol::write_pong(out, &payload));
                    }
                }
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(frame))) => line.close_received(resources, frame),
                Ok(None) => return any,
                Err(violation) => line.close_broken(resources, violation),
            }
        }
    }
}

impl Reader {
    /// Counts the bytes that stay here until more is read, or the room has caught up. `anew` tells that a message among them has just
    /// begun, because the one before it has ended.
    fn note_kept(&mut self, anew: bool) {
        let unfinished = self.session.unfinished();
        let left_over = self.left_over.as_ref().map_or(0, |bytes| bytes.len());
        let keeps = unfinished.is_some() || left_over > 0;
        if keeps || self.keeps {
            self.keeps = keeps;
            self.shard.resources().keep(self.id.slot, unfinished.unwrap_or(0) + left_over, unfinished.is_some(), anew);
        }
    }

    /// Logs the line's end, once.
    fn log_end(&self) {
        let traffic = &self.shard.resources().traffic;
        if let Some(end) = traffic.take_end(self.id.slot) {
            let after = self.shard.time().saturating_duration_since(self.begun);
            end.log(self.line.client(), after, self.received, traffic.sent(self.id.slot));
        }
    }

    /// Drops what is kept, and ignores all that comes.
    fn forget(&mut self) {
        self.session.end();
        self.left_over = None;
        self.note_kept(false);
    }
}

impl Future for Reader {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            if this.keeps && this.line.ignores_input() {
                this.forget();
            }
            match ready!(this.poll_next(cx)) {
                Next::Read => {
                    this.line.note_heard(this.shard.resources());
                    let mut buffer = this.shard.resources().take_read_buffer();
                    let any = this.receive(&mut buffer, this.shard.time());
                    this.left_over = own(buffer.split());
                    this.shard.resources().return_read_buffer(buffer);
                    this.note_kept(any);
                }
                Next::GoOn => {
                    let Some(mut rest) = this.left_over.take() else { continue };
                    let any = this.receive(&mut rest, this.shard.time());
                    this.left_over = own(*rest);
                    this.note_kept(any);
                }
                Next::HalfClosed => {
                    this.half_closed = true;
                    this.forget();
                    this.line.half_closed(this.shard.resources());
                }
                Next::Finished => break,
            }
        }
        this.forget();
        this.line.cut(this.shard.resources(), CloseInfo::lost());
        this.line.end();
        this.log_end();
        this.shard.remove(this.id, &this.line);
        Poll::Ready(())
    }
}

impl Drop for Reader {
    /// A shard that ends drops the tasks of the lines that are left.
    fn drop(&mut self) {
        self.log_end();
    }
}

/// The protocol session of a line that has agreed on this.
///
/// A line with a session has a byte in front of each message, and messages of the protocol of sessions.
pub(super) fn session(resources: &Resources, agreement: Option<Agreement>, has_session: bool) -> Session {
    let max_message = resources.limits.max_message_bytes;
    let max_message = if has_session { (max_message + 1).max(MAX_CONTROL_BYTES) } else { max_message };
    match agreement {
        None => Session::new(max_message),
        Some(agreement) => {
            let inflation = Inflation::new(Rc::clone(&resources.inflaters), agreement.client_takeover);
            Session::with_inflation(max_message, inflation)
        }
    }
}

/// Delivers a message. One that has to wait is counted and, if it is small, copied: it would keep the whole read buffer.
fn deliver(resources: &Resources, line: &Line, message: Message, at: Instant) {
    let room = line.room();
    let waits = room.is_busy();
    let message = if waits && message.as_bytes().len() < COPIED_BYTES { copy(&message) } else { message };
    let bytes = if waits { message.as_bytes().len() + size_of::<Input>() } else { 0 };
    room.deliver(Input { at, what: What::Message(line.client(), message) });
    if waits {
        resources.hold(bytes);
    }
}

fn copy(message: &Message) -> Message {
    match message {
        Message::Text(text) => Message::text(text.to_string()),
        Message::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
    }
}

/// Bytes that are left over. A small slice is copied, and an empty one dropped: it would keep the buffer that it was cut from.
fn own(bytes: BytesMut) -> Option<Box<BytesMut>> {
    match bytes.len() {
        0 => None,
        1..COPIED_BYTES => Some(Box::new(BytesMut::from(&bytes[..]))),
        _ => Some(Box::new(bytes)),
    }
}
