//! One frame as its header announces it, and the rules that the header must keep.

use std::io::Cursor;
use std::ops::Deref;

use tungstenite::protocol::frame::{FrameHeader, coding};

use super::encode::MAX_CONTROL;
use super::violation::Violation;

/// The largest header: two bytes, a length of eight and a mask of four (RFC 6455 §5.2).
const MAX_HEADER: usize = 14;

/// The kind of a frame. A continuation has the kind of the message that it continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data(Format),
    Control(Control),
}

/// The format of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Binary,
}

/// The frames that may stand inside a fragmented message (RFC 6455 §5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Close,
    Ping,
    Pong,
}

/// A frame whose header keeps the rules. It is allowed to arrive, so its length fits the limits.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// It is part of a compressed message (RFC 7692 §6).
    pub(super) is_compressed: bool,
    /// It completes its message, or is a control frame.
    pub(super) is_final: bool,
    /// It is a whole plain message or a control frame: nothing but its payload has to be looked at.
    pub(super) is_whole: bool,
    pub(super) mask: [u8; 4],
    /// The payload's length in bytes.
    pub(super) len: usize,
    /// How much of the payload has arrived, in bytes.
    pub(super) seen: usize,
}

impl Frame {
    /// The missing bytes of the payload.
    pub(super) fn missing(&self) -> usize {
        self.len - self.seen
    }
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Server,
    Client,
}

/// The part of a message that has arrived in earlier frames, and the size limit of a message. Some rules of a header depend on
/// them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// The incomplete message, or `None` between messages.
    pub(super) message: Option<Unfinished>,
    /// The largest message in bytes.
    pub(super) limit: usize,
    /// Whether messages may be compressed.
    pub(super) deflate: bool,
    /// The side that the frame comes from: a client masks its frames, a server does not (RFC 6455 §5.1).
    pub(super) from: Side,
}

/// A message of which frames are missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unfinished {
    pub(super) format: Format,
    pub(super) is_compressed: bool,
    /// The payload bytes of its frames so far.
    pub(super) arrived: usize,
}

/// Reads the header at the front of `bytes`. Returns the frame and its header's size, or `None` while the
/// header is incomplete.
///
/// A length in more bytes than it needs is accepted, as by most servers: it harms nobody.
pub(super) fn parse(bytes: &[u8], context: Context) -> Result<Option<(Frame, usize)>, Violation> {
    let mut cursor = Cursor::new(bytes);
    match FrameHeader::parse(&mut cursor) {
        Ok(None) => Ok(None),
        Ok(Some((header, len))) => {
            let frame = check(&header, len, context)?;
            // No truncation: a header has at most 14 bytes.
            Ok(Some((frame, cursor.position() as usize)))
        }
        // Memory can be read without errors, so the codec has only one reason to refuse a header.
        Err(_) => Err(Violation::ReservedOpcode(bytes[0] & 0x0F)),
    }
}

/// The rules of a header: first those that do not depend on the limit, then the limit.
fn check(header: &FrameHeader, len: u64, context: Context) -> Result<Frame, Violation> {
    if (header.rsv1 && !context.deflate) || header.rsv2 || header.rsv3 {
        return Err(Violation::ReservedBits);
    }
    let mask = match (context.from, header.mask) {
        (Side::Client, Some(mask)) => mask,
        (Side::Client, None) => return Err(Violation::Unmasked),
        (Side::Server, Some(_)) => return Err(Violation::Masked),
        // Unmasking with zeros changes nothing.
        (Side::Server, None) => [0; 4],
    };
    let is_final = header.is_final;
    let kind = kind(header.opcode, context)?;
    if header.rsv1 && (matches!(kind, Kind::Control(_)) || context.message.is_some()) {
        return Err(Violation::MisplacedCompression);
    }
    let is_data = matches!(kind, Kind::Data(_));
    let is_compressed = is_data && context.message.map_or(header.rsv1, |message| message.is_compressed);
    match kind {
        Kind::Control(_) if !is_final => return Err(Violation::FragmentedControl),
        Kind::Control(_) if len > MAX_CONTROL as u64 => return Err(Violation::ControlTooLong(len)),
        Kind::Control(_) => {}
        Kind::Data(_) => {
            // Judged by what the header announces, before any of the payload arrives or is made room for.
            let so_far = context.message.map_or(0, |message| message.arrived);
            let size = len.saturating_add(so_far as u64);
            let limit = if is_compressed { compressed_limit(context.limit) } else { context.limit };
            if size > limit as u64 {
                return Err(Violation::TooBig { size, limit: context.limit });
            }
        }
    }
    let is_whole = is_final && !is_compressed && (context.message.is_none() || !is_data);
    // No truncation: the length is at most 125 or the limit, which is a usize.
    Ok(Frame { kind, is_compressed, is_final, is_whole, mask, len: len as usize, seen: 0 })
}

/// The compressed size of the largest message, which can be a little more than the message itself if that is noise. A sender of
/// more only wants to keep the server busy.
fn compressed_limit(limit: usize) -> usize {
    limit.saturating_add(limit / 1024 + 1024)
}

/// The kind that an opcode stands for here. Fragments of different messages do not mix (RFC 6455 §5.4).
fn kind(opcode: coding::OpCode, context: Context) -> Result<Kind, Violation> {
    use coding::{Control as C, Data as D, OpCode as O};
    match (opcode, context.message) {
        (O::Data(D::Continue), Some(message)) => Ok(Kind::Data(message.format)),
        (O::Data(D::Continue), None) => Err(Violation::UnexpectedContinuation),
        (O::Data(D::Text | D::Binary), Some(_)) => Err(Violation::InterleavedMessage),
        (O::Data(D::Text), None) => Ok(Kind::Data(Format::Text)),
        (O::Data(D::Binary), None) => Ok(Kind::Data(Format::Binary)),
        (O::Control(C::Close), _) => Ok(Kind::Control(Control::Close)),
        (O::Control(C::Ping), _) => Ok(Kind::Control(Control::Ping)),
        (O::Control(C::Pong), _) => Ok(Kind::Control(Control::Pong)),
        (O::Data(D::Reserved(opcode)) | O::Control(C::Reserved(opcode)), _) => Err(Violation::ReservedOpcode(opcode)),
    }
}

/// The start of a header whose end has not arrived.
#[derive(Debug, Default)]
pub(super) struct HeaderStart {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl HeaderStart {
    /// Appends bytes as far as a header can reach. Returns how many.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> usize {
        let free = &mut self.bytes[usize::from(self.len)..];
        let taken = free.len().min(bytes.len());
        free[..taken].copy_from_slice(&bytes[..taken]);
        self.len += taken as u8;
        taken
    }
}

impl Deref for HeaderStart {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}
