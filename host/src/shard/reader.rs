//! A connection's task: it reads frames and delivers what they say, until the connection is over.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio::net::tcp::OwnedReadHalf;

use super::connection::Connection;
use super::mailbox::Event;
use super::rate::Rate;
use super::table::Shard;
use crate::protocol::{self, Agreement, Incoming, Inflation, Session};
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

/// Reads until the connection is over, and takes it off the shard. `first` is what came with the upgrade request.
pub async fn run(
    shard: Rc<Shard>,
    connection: Rc<Connection>,
    mut stream: OwnedReadHalf,
    first: Bytes,
    agreement: Option<Agreement>,
) {
    let mut session = session(&shard, agreement);
    let mut rate = shard.limits.rate.map(|limit| Rate::new(limit, shard.now()));
    let mut left_over = own(BytesMut::from(first));
    loop {
        match poll_fn(|cx| poll_next(cx, &shard, &connection, &mut rate, &mut stream, !left_over.is_empty())).await {
            Next::Read => {
                connection.keepalive.note_heard(shard.now());
                // Taken out for the time of the deliveries: a handler runs inside them.
                let mut buffer = shard.read_buffer.take();
                receive(&shard, &connection, &mut session, &mut rate, &mut buffer);
                left_over = own(buffer.split());
                shard.read_buffer.replace(buffer);
            }
            Next::GoOn => {
                receive(&shard, &connection, &mut session, &mut rate, &mut left_over);
                left_over = own(left_over);
            }
            Next::Ended | Next::Finished => break,
        }
    }
    connection.cut(CloseInfo::lost());
    connection.end();
    shard.remove(&connection);
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
fn own(bytes: BytesMut) -> BytesMut {
    if bytes.is_empty() { BytesMut::new() } else { bytes }
}

fn poll_next(
    cx: &mut Context<'_>,
    shard: &Shard,
    connection: &Connection,
    rate: &mut Option<Rate>,
    stream: &mut OwnedReadHalf,
    has_left_over: bool,
) -> Poll<Next> {
    connection.poll_write(cx, shard);
    if connection.is_finished() {
        return Poll::Ready(Next::Finished);
    }
    if connection.is_open() {
        let has_room = connection.seat.mailbox.poll_has_room(cx);
        match rate {
            Some(rate) if has_room.is_pending() => rate.hold(Instant::now()),
            Some(rate) => rate.release(Instant::now),
            None => {}
        }
        ready!(has_room);
    }
    if has_left_over {
        return Poll::Ready(Next::GoOn);
    }
    let mut buffer = shard.read_buffer.borrow_mut();
    shard.make_room(&mut buffer);
    match ready!(connection.poll_read(cx, shard, stream, &mut buffer)) {
        Ok(1..) => Poll::Ready(Next::Read),
        Ok(0) | Err(_) => Poll::Ready(Next::Ended),
    }
}

/// Delivers what is complete in `input`. Stops early, with bytes left, when the room has enough to do.
fn receive(shard: &Shard, connection: &Rc<Connection>, session: &mut Session, rate: &mut Option<Rate>, input: &mut BytesMut) {
    loop {
        if connection.is_open() && connection.seat.mailbox.is_full() {
            return;
        }
        let incoming = session.receive(input);
        if let (Ok(Some(Incoming::Message(_) | Incoming::Ping(_))), Some(rate)) = (&incoming, &mut *rate)
            && !rate.allows(Instant::now())
        {
            connection.close(shard, CloseInfo::policy("more messages than the rate limit allows"));
        }
        match incoming {
            Ok(Some(Incoming::Message(message))) => {
                if connection.is_open() {
                    connection.seat.deliver(Event::Message(connection.peer.client.id, message));
                }
            }
            Ok(Some(Incoming::Ping(payload))) => {
                if connection.is_open() {
                    connection.queue_control(shard, |out| protocol::write_pong(out, &payload));
                }
            }
            Ok(Some(Incoming::Pong(_))) => {}
            Ok(Some(Incoming::Close(frame))) => connection.close_received(shard, frame),
            Ok(None) => return,
            Err(violation) => connection.close_broken(shard, violation),
        }
    }
}
