//! The messages between an edge of a room and its owner.

use bytes::{BufMut as _, Bytes, BytesMut};
use bytestring::ByteString;

use crate::codec::{Encode, Malformed, decoded, encoded, kind};
use crate::life::Life;

const VERSION: u8 = 1;

/// A message with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The node that sends it.
    pub from: Life,
    /// The room's name.
    pub room: ByteString,
    /// The epoch of the owner that sends it, or that it is for. 0 if the edge knows none.
    pub epoch: u64,
    /// The session of the edge. 0 in a call.
    pub session: u64,
    /// The message.
    pub message: Message,
}

/// A message between an edge and an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Edge: the room has members here, or soon has.
    Attach,
    /// Owner: the room has a new owner, which asks for members. The answer is [`Message::Attach`] or [`Message::Nobody`].
    Call,
    /// Owner: the number of the last input of this edge that counts. `None` if nobody knows.
    Welcome {
        /// That number.
        handled: Option<u64>,
    },
    /// Edge: the members of which the owner's inputs up to here have told.
    Members {
        /// The number of the next input.
        next: u64,
        /// The members.
        members: Vec<Member>,
    },
    /// Edge: the answer to a call for a room without members here.
    Nobody,
    /// Edge: inputs for the room.
    Inputs {
        /// The number of the first one.
        first: u64,
        /// The inputs, with consecutive numbers.
        inputs: Vec<Input>,
    },
    /// Owner: outputs of its turns.
    Outputs(Batch),
    /// Owner: inputs up to this number count, and the edge forgets them.
    Handled(u64),
    /// Edge: the batches up to this number are on their way to the clients.
    Received {
        /// That number.
        batch: u64,
        /// The bytes that wait for members, where they have crossed the soft limit. For the others, no bytes wait.
        waiting: Vec<(u64, u64)>,
    },
    /// Edge: this session is over, and its room has no members here.
    Bye,
    /// Either: the sender does not own the room in this epoch.
    NotOwner,
    /// Either: the records say that the receiver's life is over.
    Gone,
}

/// A member of a room, as its edge keeps it for the next owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The client's id.
    pub id: u64,
    /// Counts the joins of the room. 0 until the owner has told it.
    pub join: u64,
    /// Identity, attachment, topics.
    pub state: Bytes,
}

/// An input of the room that comes from an edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The client's id. 0 where nobody is a member.
    pub member: u64,
    /// The event.
    pub event: Event,
    /// The event's data.
    pub payload: Bytes,
}

/// An event of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It joins. The payload is its state.
    Joined,
    /// It has sent a message, or something else is told of it.
    Message,
    /// It has left. The payload tells the cause.
    Left,
    /// Something comes that is no member's: an upgrade request, a plain HTTP request, a message of another room.
    Asked,
}

/// The outputs of one or more turns for one edge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Counts the batches of the epoch and session, from 1.
    pub number: u64,
    /// Inputs up to this number count, as in [`Message::Handled`].
    pub handled: u64,
    /// The owner has dropped all batches before this one. The edge closes its members.
    pub cuts: bool,
    /// Members whose state has changed.
    pub members: Vec<Member>,
    /// The outputs, in their order.
    pub outputs: Vec<Output>,
}

/// An output for some members of an edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its receivers. The edge sends the payload to each.
    pub to: Vec<u64>,
    /// A frame, a close or another effect.
    pub payload: Bytes,
}

impl Envelope {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        encoded(VERSION, self)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// They are no message of this version.
    pub fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        decoded(VERSION, bytes)
    }
}

impl Message {
    /// Whether the receiver's edge of the room takes it, and not its owner.
    #[must_use]
    pub fn is_for_edge(&self) -> bool {
        matches!(self, Self::Call | Self::Welcome { .. } | Self::Outputs(_) | Self::Handled(_) | Self::NotOwner | Self::Gone)
    }
}

impl Encode for Envelope {
    fn write(&self, to: &mut BytesMut) {
        self.from.write(to);
        self.room.write(to);
        self.epoch.write(to);
        self.session.write(to);
        self.message.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self {
            from: Life::read(from)?,
            room: ByteString::read(from)?,
            epoch: u64::read(from)?,
            session: u64::read(from)?,
            message: Message::read(from)?,
        })
    }
}

impl Encode for Message {
    fn write(&self, to: &mut BytesMut) {
        to.put_u8(match self {
            Self::Attach => b'a',
            Self::Call => b'c',
            Self::Welcome { .. } => b'w',
            Self::Members { .. } => b'm',
            Self::Nobody => b'n',
            Self::Inputs { .. } => b'i',
            Self::Outputs(_) => b'o',
            Self::Handled(_) => b'h',
            Self::Received { .. } => b'r',
            Self::Bye => b'b',
            Self::NotOwner => b'x',
            Self::Gone => b'g',
        });
        match self {
            Self::Attach | Self::Call | Self::Nobody | Self::Bye | Self::NotOwner | Self::Gone => {}
            Self::Welcome { handled } => handled.write(to),
            Self::Members { next, members } => {
                next.write(to);
                members.write(to);
            }
            Self::Inputs { first, inputs } => {
                first.write(to);
                inputs.write(to);
            }
            Self::Outputs(batch) => batch.write(to),
            Self::Handled(number) => number.write(to),
            Self::Received { batch, waiting } => {
                batch.write(to);
                waiting.write(to);
            }
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(match kind(from)? {
            b'a' => Self::Attach,
            b'c' => Self::Call,
            b'w' => Self::Welcome { handled: Option::read(from)? },
            b'm' => Self::Members { next: u64::read(from)?, members: Vec::read(from)? },
            b'n' => Self::Nobody,
            b'i' => Self::Inputs { first: u64::read(from)?, inputs: Vec::read(from)? },
            b'o' => Self::Outputs(Batch::read(from)?),
            b'h' => Self::Handled(u64::read(from)?),
            b'r' => Self::Received { batch: u64::read(from)?, waiting: Vec::read(from)? },
            b'b' => Self::Bye,
            b'x' => Self::NotOwner,
            b'g' => Self::Gone,
            _ => return Err(Malformed),
        })
    }
}

impl Encode for Member {
    fn write(&self, to: &mut BytesMut) {
        self.id.write(to);
        self.join.write(to);
        self.state.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self { id: u64::read(from)?, join: u64::read(from)?, state: Bytes::read(from)? })
    }
}

impl Encode for Input {
    fn write(&self, to: &mut BytesMut) {
        to.put_u8(match self.event {
            Event::Joined => b'+',
            Event::Message => b'.',
            Event::Left => b'-',
            Event::Asked => b'?',
        });
        self.member.write(to);
        self.payload.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let event = match kind(from)? {
            b'+' => Event::Joined,
            b'.' => Event::Message,
            b'-' => Event::Left,
            b'?' => Event::Asked,
            _ => return Err(Malformed),
        };
        Ok(Self { event, member: u64::read(from)?, payload: Bytes::read(from)? })
    }
}

impl Encode for Batch {
    fn write(&self, to: &mut BytesMut) {
        self.number.write(to);
        self.handled.write(to);
        self.cuts.write(to);
        self.members.write(to);
        self.outputs.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self {
            number: u64::read(from)?,
            handled: u64::read(from)?,
            cuts: bool::read(from)?,
            members: Vec::read(from)?,
            outputs: Vec::read(from)?,
        })
    }
}

impl Encode for Output {
    fn write(&self, to: &mut BytesMut) {
        self.to.write(to);
        self.payload.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self { to: Vec::read(from)?, payload: Bytes::read(from)? })
    }
}
