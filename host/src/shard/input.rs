//! The inputs of a room.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::app::upgrade::UpgradeRequest;
use crate::app::{Saved, StartReason};
use crate::bus::Event;
use crate::fetch::Told;
use crate::requests::IncomingRequest;
use crate::room::{LineId, UpgradeId};
use crate::trace::Trace;
use crate::types::{Client, ClientId, CloseInfo, Message};

/// One thing that a room is told, and the time it arrived or was due.
///
/// It is plain data: an answer goes to an id, not to a handle inside. So an input can be written down, sent elsewhere and played
/// again.
#[derive(Debug)]
pub struct Input {
    /// When it arrived or was due.
    pub at: Instant,
    /// The input itself.
    pub what: What,
}

/// The kinds of input.
#[derive(Debug)]
pub enum What {
    /// An instance starts, perhaps with the state of the one before.
    Start(StartReason, Option<Box<Saved>>),
    /// A client has connected. Boxed, since it is larger than the others.
    Joined(Box<Joined>),
    /// A client has sent a message.
    Message(ClientId, Message),
    /// A client has gone. If its own close frame was the end, the line still owes it a reply.
    Left(ClientId, CloseInfo),
    /// A client has lost its line, and may come back.
    LineLost(ClientId),
    /// It is back over another line.
    LineBack(ClientId),
    /// A client that had passed the soft limit has received everything.
    Drained(ClientId),
    /// A timer is due.
    Timer(u64, Bytes),
    /// Something of the answer to a request of this id has come.
    Answer(u64, Box<Told>),
    /// Another room has sent a message.
    Event(Arc<Event>),
    /// A client asks to be let in. The decision goes to this id.
    Upgrade(UpgradeId, Box<UpgradeRequest>, Trace),
    /// A client that was let in does not come.
    Withdrawn,
    /// A plain HTTP request has come. The answer goes to this id.
    Request(u64, Box<IncomingRequest>, Trace),
    /// The client of such a request has read everything.
    RequestDrained(u64),
    /// The client of such a request has gone, or waits no longer.
    RequestGone(u64),
}

/// A client that has connected.
#[derive(Debug)]
pub struct Joined {
    /// The client.
    pub client: Client,
    /// Its line.
    pub line: LineId,
    /// Its attachment.
    pub attachment: Bytes,
    /// The span of its upgrade.
    pub trace: Trace,
    /// Whether the room has not been asked whether it takes new clients: this one has come back too late.
    pub is_unasked: bool,
}

impl Input {
    /// The size of its payload in bytes, as far as the mailbox counts it.
    pub fn payload_bytes(&self) -> usize {
        match &self.what {
            What::Message(_, message) => message.as_bytes().len(),
            What::Answer(_, told) => told.answer.payload_bytes(),
            What::Request(_, request, _) => request.bytes(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::Effect;

    #[test]
    fn rare_inputs_and_effects_make_the_usual_ones_no_larger() {
        // A mailbox and a turn hold many of them, of which most are messages and frames.
        assert!(size_of::<Input>() <= 72, "{}", size_of::<Input>());
        assert!(size_of::<Effect>() <= 88, "{}", size_of::<Effect>());
    }
}
