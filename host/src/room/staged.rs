//! The effects of one handler that wait for its end.

use bytes::Bytes;
use bytestring::ByteString;

use super::LineId;
use crate::protocol;
use crate::types::ClientId;

/// A frame up to this size is copied to each receiver; a larger one is shared by reference. Copying 1 KiB takes
/// about as long as a reference count and a further slice in the vectored write do.
pub const SHARED_FROM_BYTES: usize = 1024;
/// How much one handler may stage: 64 MiB,
const MAX_BYTES: usize = 64 << 20;
/// or this many effects,
const MAX_EFFECTS: usize = 100_000;
/// or this many deliveries, each of one frame to one client. They take a second or two to be made, in pieces.
const MAX_DELIVERIES: usize = 10_000_000;

/// Something that a handler wants done to connections.
#[derive(Debug)]
pub enum Effect {
    /// One frame to some clients.
    Send(Target, Frame),
    /// A close frame, and the end of the connection.
    Close {
        /// Who is closed.
        id: ClientId,
        /// Its line.
        line: LineId,
        /// The close code, checked.
        code: u16,
        /// The reason, checked.
        reason: ByteString,
    },
}

/// Whom a frame is for.
#[derive(Debug)]
pub enum Target {
    /// One client: its id and its line.
    One(ClientId, LineId),
    /// Every member but these, which are sorted.
    AllBut(Box<[ClientId]>),
    /// These clients: their ids and lines.
    Some(Box<[(ClientId, LineId)]>),
}

/// An encoded frame, header and payload.
#[derive(Debug)]
pub enum Frame {
    /// A small one: a range of the staging buffer.
    Small(std::ops::Range<usize>),
    /// A large one, shared by all outboxes that it waits in.
    Shared(Bytes),
}

impl Frame {
    /// Its size in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Small(range) => range.len(),
            Self::Shared(bytes) => bytes.len(),
        }
    }
}

/// What a handler has staged so far. Reused from handler to handler, so that staging allocates nothing.
#[derive(Debug, Default)]
pub struct Staged {
    effects: Vec<Effect>,
    small: Vec<u8>,
    /// All bytes of frames, in `small` and shared.
    bytes: usize,
    deliveries: usize,
}

impl Staged {
    /// Whether a frame of so many bytes, or any effect (0), still fits.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.effects.len() < MAX_EFFECTS && self.bytes + bytes <= MAX_BYTES
    }

    /// Counts a frame that so many clients are to get. False if that is too much.
    pub(super) fn may_reach(&mut self, receivers: usize) -> bool {
        let deliveries = self.deliveries + receivers;
        let may = deliveries <= MAX_DELIVERIES;
        if may {
            self.deliveries = deliveries;
        }
        may
    }

    /// Encodes a message once, for however many receive it.
    pub(super) fn encode(&mut self, text: bool, payload: &[u8]) -> Frame {
        let len = protocol::message_len(payload.len());
        self.bytes += len;
        if len <= SHARED_FROM_BYTES {
            let start = self.small.len();
            protocol::write_message(&mut self.small, text, payload);
            return Frame::Small(start..self.small.len());
        }
        let mut frame = Vec::with_capacity(len);
        protocol::write_message(&mut frame, text, payload);
        Frame::Shared(frame.into())
    }

    pub(super) fn push(&mut self, effect: Effect) {
        // Lists of clients take memory too.
        self.bytes += match &effect {
            Effect::Send(Target::AllBut(except), _) => size_of_val(&**except),
            Effect::Send(Target::Some(receivers), _) => size_of_val(&**receivers),
            _ => 0,
        };
        self.effects.push(effect);
    }

    /// The effects, in the order of the calls.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// A frame's bytes.
    pub fn bytes_of<'a>(&'a self, frame: &'a Frame) -> &'a [u8] {
        match frame {
            Frame::Small(range) => &self.small[range.clone()],
            Frame::Shared(bytes) => bytes,
        }
    }

    pub(super) fn clear(&mut self) {
        self.effects.clear();
        self.small.clear();
        (self.bytes, self.deliveries) = (0, 0);
        // One handler that staged a lot must not hold the memory for good.
        self.effects.shrink_to(1024);
        self.small.shrink_to(64 << 10);
    }
}
