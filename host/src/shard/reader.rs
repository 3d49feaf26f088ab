//! The reading half of a line: frames in, inputs out, until the connection is over.

use std::rc::Rc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::gathering::MAX_MESSAGE_BYTES;
use super::input::{Input, What};
use super::line::Line;
use super::mailbox::{COPIED_BYTES, detached};
use super::new_connection::Permit;
use super::rate::Rate;
use super::resources::Resources;
use super::table::{Reads, Shard};
use super::traffic::Count;
use crate::protocol::resume::MAX_BYTES as MAX_CONTROL_BYTES;
use crate::protocol::{self, Agreement, Incoming, Inflation, Session};
use crate::room::LineId;
use crate::types::{ClientId, CloseInfo, Message};

/// The most reads of one client before others have a turn. Each is up to 256 KiB.
const READS_IN_A_ROW: usize = 16;

/// The next step.
enum Next {
    /// Bytes are in the shard's read buffer.
    Read,
    /// The bytes that were left over when the room's mailbox was full can be delivered.
    GoOn,
    /// The client's side of the connection has ended in order.
    HalfClosed,
    /// The connection has failed, or is finished from our side.
    Finished,
    /// There is nothing to do until the line is attended to again.
    Wait,
}

/// The line that a reader reads from, and its shard.
struct At<'a> {
    shard: &'a Shard,
    id: LineId,
    line: &'a Line,
}

/// Reads from a line until the connection is over, and takes the line off the shard.
pub struct Reader {
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
    /// The reader of the line in this slot. `first` are the bytes that came with the upgrade request.
    pub fn new(shard: &Shard, slot: u32, session: Session, first: Bytes, permit: Permit) -> Self {
        let begun = shard.time();
        let rate = shard.limits().rate.map(|limit| Box::new(Rate::new(limit, begun)));
        let received = Count { messages: 0, bytes: first.len() as u64 };
        shard.resources().traffic.begin(slot);
        shard.resources().traffic.note_received(received);
        Self {
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

    fn next(&mut self, At { shard, id, line }: &At<'_>) -> Next {
        let resources = shard.resources();
        if line.is_over() {
            return Next::Finished;
        }
        if line.is_open() {
            let has_room = line.room().mailbox.has_room_for(id.slot, &resources.wakes);
            match &mut self.rate {
                Some(rate) if !has_room => rate.hold(resources.time()),
                Some(rate) => rate.release(|| resources.time()),
                None => {}
            }
            if !has_room {
                if !std::mem::replace(&mut self.held_back, true) {
                    resources.counts.held_back.count();
                }
                return Next::Wait;
            }
            if std::mem::take(&mut self.held_back) {
                resources.holdings.begin_anew(id.slot, resources.now());
            }
        }
        if self.left_over.is_some() {
            return Next::GoOn;
        }
        if self.half_closed {
            // The line has its reader run when it is over.
            return Next::Wait;
        }
        match resources.read_into(|buffer| line.read(resources, buffer)) {
            Ok(None) => Next::Wait,
            Ok(Some(0)) => Next::HalfClosed,
            Ok(Some(read)) => {
                self.note_received(resources, Count { messages: 0, bytes: read as u64 });
                Next::Read
            }
            Err(error) => {
                line.note_end(resources, &CloseInfo::lost(), Some(&error));
                Next::Finished
            }
        }
    }

    fn note_received(&mut self, resources: &Resources, more: Count) {
        self.received += more;
        resources.traffic.note_received(more);
    }

    /// Delivers the messages that are complete in `input`, which came at this time. Stops early, with bytes left, when the room's
    /// mailbox is full. Returns whether there were messages.
    fn receive(&mut self, At { shard, line, .. }: &At<'_>, input: &mut BytesMut, at: Instant) -> bool {
        let resources = shard.resources();
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
                    line.run_gathered(resources);
                    line.close(resources, CloseInfo::too_fast());
                }
            }
            if !matches!(incoming, Ok(None | Some(Incoming::Message(_)))) {
                line.run_gathered(resources);
            }
            match incoming {
                Ok(Some(Incoming::Message(message))) => {
                    any = true;
                    let Some(message) = line.unwrapped(resources, message) else { continue };
                    self.note_received(resources, Count { messages: 1, bytes: 0 });
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

    /// Counts the bytes that stay here until more is read, or the room has caught up. `anew` tells that a message among them has just
    /// begun, because the one before it has ended.
    fn note_kept(&mut self, At { shard, id, .. }: &At<'_>, anew: bool) {
        let unfinished = self.session.unfinished();
        let left_over = self.left_over.as_ref().map_or(0, |bytes| bytes.len());
        let keeps = unfinished.is_some() || left_over > 0;
        if keeps || self.keeps {
            self.keeps = keeps;
            shard.resources().keep(id.slot, unfinished.unwrap_or(0) + left_over, unfinished.is_some(), anew);
        }
    }

    /// Whether there is something to deliver before anything is read.
    pub fn has_first(&self) -> bool {
        self.left_over.is_some()
    }

    /// Drops what is kept, and ignores all that comes.
    fn forget(&mut self, at: &At<'_>) {
        self.session.end();
        self.left_over = None;
        self.note_kept(at, false);
    }

    fn finish(&mut self, at: &At<'_>) {
        let At { shard, id, line } = at;
        self.forget(at);
        line.cut(shard.resources(), CloseInfo::lost());
        line.end();
        self.log_end(shard, id.slot, line.client());
        shard.remove(*id, line);
    }
}

impl Reads for Reader {
    fn run(&mut self, shard: &Shard, id: LineId, line: &Line, now: Instant) -> bool {
        let at = At { shard, id, line };
        for _ in 0..READS_IN_A_ROW {
            if self.keeps && line.ignores_input() {
                self.forget(&at);
            }
            match self.next(&at) {
                Next::Read => {
                    line.note_heard(shard.resources());
                    let mut buffer = shard.resources().take_read_buffer();
                    let any = self.receive(&at, &mut buffer, now);
                    self.left_over = if buffer.is_empty() { None } else { own(buffer.split()) };
                    shard.resources().return_read_buffer(buffer);
                    self.note_kept(&at, any);
                }
                Next::GoOn => {
                    let Some(mut rest) = self.left_over.take() else { continue };
                    let any = self.receive(&at, &mut rest, now);
                    self.left_over = own(*rest);
                    self.note_kept(&at, any);
                }
                Next::HalfClosed => {
                    self.half_closed = true;
                    self.forget(&at);
                    line.run_gathered(shard.resources());
                    line.half_closed(shard.resources());
                }
                Next::Wait => return false,
                Next::Finished => {
                    self.finish(&at);
                    return true;
                }
            }
        }
        shard.resources().wakes.run(id.slot);
        false
    }

    fn log_end(&self, shard: &Shard, slot: u32, client: ClientId) {
        let traffic = &shard.resources().traffic;
        if let Some(end) = traffic.take_end(slot) {
            let after = shard.time().saturating_duration_since(self.begun);
            end.log(client, after, self.received, traffic.sent(slot));
        }
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

/// Delivers a message. A small one for an idle room waits for those of other clients. One that has to wait for its room is counted and, if it is small, copied:
/// it would keep the whole read buffer.
fn deliver(resources: &Resources, line: &Line, message: Message, at: Instant) {
    let (room, size) = (line.room(), message.as_bytes().len());
    let input = |message| Input { at, what: What::Message(line.client(), message) };
    if room.is_busy() {
        room.deliver(input(if size < COPIED_BYTES { detached(&message) } else { message }));
        resources.hold(size + size_of::<Input>());
    } else if size <= MAX_MESSAGE_BYTES {
        resources.gathering.add(room, input(message));
    } else {
        room.deliver(input(message));
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
