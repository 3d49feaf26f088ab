//! A connection's task: it reads frames and delivers what they say, until the connection is over.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::input::{Input, What};
use super::line::Line;
use super::new_connection::Permit;
use super::rate::Rate;
use super::table::Shard;
use crate::protocol::{self, Agreement, Incoming, Inflation, Session};
use crate::room::LineId;
use crate::types::CloseInfo;

/// What the task has to do next.
enum Next {
    /// Bytes are in the shard's read buffer.
    Read,
    /// The bytes that were left when the room's mailbox was full can go on.
    GoOn,
    /// The client's side of the connection has ended, or failed.
    Ended,
    /// The connection is finished from our side.
    Finished,
}

/// Reads until the connection is over, and takes it off the shard.
///
/// A future of its own and no `async fn`: that would keep its arguments twice, and an idle client is little more than this.
pub struct Reader {
    shard: Rc<Shard>,
    id: LineId,
    line: Rc<Line>,
    session: Session,
    rate: Option<Box<Rate>>,
    /// What was left when the room's mailbox was full. Mostly nothing, which is to take no room.
    left_over: Option<Box<BytesMut>>,
    /// Dropped with the reader, and the connection's place is free again.
    _permit: Permit,
}

impl Reader {
    /// A reader of this connection. `first` is what came with the upgrade request.
    pub fn new(shard: Rc<Shard>, id: LineId, line: Rc<Line>, first: Bytes, agreement: Option<Agreement>, permit: Permit) -> Self {
        let session = session(&shard, agreement);
        let rate = shard.limits.rate.map(|limit| Box::new(Rate::new(limit, shard.time())));
        Self { shard, id, line, session, rate, left_over: own(BytesMut::from(first)), _permit: permit }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let (shard, line) = (&*self.shard, &*self.line);
        line.poll_write(cx, shard);
        if line.is_over() {
            return Poll::Ready(Next::Finished);
        }
        if line.is_open() {
            let has_room = line.room.mailbox.poll_has_room(cx, self.id.slot as usize);
            match &mut self.rate {
                Some(rate) if has_room.is_pending() => rate.hold(shard.time()),
                Some(rate) => rate.release(|| shard.time()),
                None => {}
            }
            ready!(has_room);
        }
        if self.left_over.is_some() {
            return Poll::Ready(Next::GoOn);
        }
        let mut buffer = shard.read_buffer.borrow_mut();
        shard.make_room(&mut buffer);
        match ready!(line.poll_read(cx, shard, &mut buffer)) {
            Ok(1..) => Poll::Ready(Next::Read),
            Ok(0) | Err(_) => Poll::Ready(Next::Ended),
        }
    }

    /// Delivers what is complete in `input`. Stops early, with bytes left, when the room has enough to do.
    fn receive(&mut self, input: &mut BytesMut, at: Instant) {
        let (shard, line) = (&self.shard, &self.line);
        loop {
            if line.is_open() && line.room.mailbox.is_full() {
                return;
            }
            let incoming = self.session.receive(input);
            if let (Ok(Some(Incoming::Message(_) | Incoming::Ping(_))), Some(rate)) = (&incoming, &mut self.rate)
                && !rate.allows(at)
            {
                line.close(shard, CloseInfo::policy("more messages than the rate limit allows"));
            }
            match incoming {
                Ok(Some(Incoming::Message(message))) => {
                    if line.is_open() {
                        line.room.deliver(Input { at, what: What::Message(line.member.client.id, message) });
                    }
                }
                Ok(Some(Incoming::Ping(payload))) => {
                    if line.is_open() {
                        line.queue_control(shard, |out| protocol::write_pong(out, &payload));
                    }
                }
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(frame))) => line.close_received(shard, frame),
                Ok(None) => return,
                Err(violation) => line.close_broken(shard, violation),
            }
        }
    }
}

impl Future for Reader {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            match ready!(this.poll_next(cx)) {
                Next::Read => {
                    this.line.note_heard(&this.shard);
                    // Taken out for the time of the deliveries: a handler runs inside them.
                    let mut buffer = this.shard.read_buffer.take();
                    this.receive(&mut buffer, this.shard.time());
                    this.left_over = own(buffer.split());
                    this.shard.read_buffer.replace(buffer);
                }
                Next::GoOn => {
                    let Some(mut rest) = this.left_over.take() else { continue };
                    this.receive(&mut rest, this.shard.time());
                    this.left_over = own(*rest);
                }
                Next::Ended | Next::Finished => break,
            }
        }
        this.line.cut(&this.shard, CloseInfo::lost());
        this.line.end();
        this.shard.remove(this.id, &this.line);
        Poll::Ready(())
    }
}

fn session(shard: &Shard, agreement: Option<Agreement>) -> Session {
    let max_message = shard.limits.max_message_bytes;
    match agreement {
        None => Session::new(max_message),
        Some(agreement) => {
            let inflation = Inflation::new(Rc::clone(&shard.inflaters), agreement.client_takeover);
            Session::with_inflation(max_message, inflation)
        }
    }
}

/// Nothing, if it is empty: even an empty slice keeps the buffer that it was cut from.
fn own(bytes: BytesMut) -> Option<Box<BytesMut>> {
    (!bytes.is_empty()).then(|| Box::new(bytes))
}
