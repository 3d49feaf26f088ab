//! The receiving half of one connection.

use bytes::{Buf, Bytes, BytesMut};

use super::assembly::Assembly;
use super::close::CloseFrame;
use super::frame::{self, Context, Control, Format, Frame, HeaderStart, Kind, Side, Unfinished};
use super::inflate::{Inflation, STREAM_BYTES};
use super::mask::unmask;
use super::message::Message;
use super::unchecked::text;
use super::violation::Violation;

/// A received whole message or control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A text or binary message, put together from its fragments (RFC 6455 §5.4).
    Message(Message),
    /// A ping, to be answered with a pong of the same payload (RFC 6455 §5.5.2).
    Ping(Bytes),
    /// A pong, asked for or not (RFC 6455 §5.5.3).
    Pong(Bytes),
    /// A close frame, to be answered with one unless one was sent before (RFC 6455 §5.5.1). Nothing follows.
    Close(Option<CloseFrame>),
}

/// The receiving half of one connection: bytes in, events out.
///
/// It is a few words in size and has nothing on the heap while no message or frame is incomplete, so that
/// an idle connection costs next to nothing.
#[derive(Debug)]
pub struct Session {
    /// The largest message in bytes.
    max_message: usize,
    /// How compressed messages are inflated, if that was agreed on.
    inflation: Option<Box<Inflation>>,
    /// The incomplete message and frame. The memory is freed as soon as both are complete.
    partial: Option<Box<Partial>>,
    /// The side that the bytes come from.
    from: Side,
    /// A close frame was received or a rule was broken: all further bytes are dropped.
    ended: bool,
    /// The small fragments that have come since they were last taken.
    small_fragments: u32,
}

/// A fragment with less payload than this is small. A message has so few larger ones that its size bounds their number.
const SMALL_FRAGMENT_BYTES: usize = 1024;

/// The parts that had arrived when the input ran out.
#[derive(Debug, Default)]
struct Partial {
    /// The start of a header.
    header: HeaderStart,
    /// A frame whose payload is incomplete.
    frame: Option<Frame>,
    /// The received payload of that frame, if it is a control frame, which may stand inside a message.
    control: Vec<u8>,
    /// A message that lacks a part of its frame, or frames.
    message: Option<Assembly>,
    /// Whether that message is compressed.
    is_compressed: bool,
}

impl Session {
    /// A server's session: it reads the frames of a client. It accepts messages of up to `max_message` bytes.
    pub fn new(max_message: usize) -> Self {
        Self { max_message, inflation: None, partial: None, from: Side::Client, ended: false, small_fragments: 0 }
    }

    /// A client's session: it reads the frames of a server, with permessage-deflate if both agreed on it.
    pub fn client(max_message: usize, inflation: Option<Inflation>) -> Self {
        Self { from: Side::Server, inflation: inflation.map(Box::new), ..Self::new(max_message) }
    }

    /// A server's session for a connection that has agreed on permessage-deflate. The limit is on the size of inflated
    /// messages, and is checked while they are inflated (RFC 7692 §8).
    pub fn with_inflation(max_message: usize, inflation: Inflation) -> Self {
        Self { inflation: Some(Box::new(inflation)), ..Self::new(max_message) }
    }

    /// Takes bytes off the front of `input` and returns the next event, or `None` when it needs more. Call
    /// it until it returns `None`: then nothing of this connection is left in `input`, and the buffer
    /// is free for another one.
    ///
    /// A whole message in one frame is split off without a copy. It shares the memory of `input`, all of which
    /// stays allocated while the message lives. A message that arrives in pieces is copied, once, into the session.
    ///
    /// # Errors
    /// The rule that the other side broke. An error ends the session, as a close frame does: the rest of `input` and all later
    /// bytes are dropped (RFC 6455 §7.1.7 and §5.5.1).
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Incoming>, Violation> {
        if self.ended {
            input.clear();
            return Ok(None);
        }
        let outcome = self.advance(input);
        if matches!(outcome, Err(_) | Ok(Some(Incoming::Close(_)))) {
            self.end();
            input.clear();
        } else if self.partial.as_ref().is_some_and(|partial| partial.is_empty()) {
            self.partial = None;
        }
        outcome
    }

    /// Takes the number of fragments with less than 1 KiB of payload that have come since the last time, but for the last of each message.
    /// They make no event, and a peer may send any number of empty ones.
    pub fn take_small_fragments(&mut self) -> u32 {
        std::mem::take(&mut self.small_fragments)
    }

    /// Ends the session: an unfinished message is forgotten, and all later bytes are dropped.
    pub fn end(&mut self) {
        self.ended = true;
        self.partial = None;
        self.inflation = None;
    }

    /// Goes from frame to frame until one of them completes an event.
    fn advance(&mut self, input: &mut BytesMut) -> Result<Option<Incoming>, Violation> {
        while !input.is_empty() {
            let unfinished = self.partial.as_mut().and_then(|partial| partial.frame.take());
            let frame = match unfinished {
                Some(frame) => frame,
                None => match self.next_frame(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            if frame.is_whole && frame.seen == 0 && frame.len <= input.len() {
                return whole(&frame, input).map(Some);
            }
            let limit = self.max_message;
            let is_small_fragment = !frame.is_final && frame.len < SMALL_FRAGMENT_BYTES;
            let partial = self.partial.get_or_insert_default();
            if let Some(event) = partial.take_piece(frame, input, limit, self.inflation.as_deref_mut())? {
                return Ok(Some(event));
            }
            if is_small_fragment && partial.frame.is_none() {
                self.small_fragments = self.small_fragments.saturating_add(1);
            }
        }
        Ok(None)
    }

    /// Takes the next frame's header off the input, or keeps the start of it.
    fn next_frame(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Violation> {
        let partial = self.partial.as_deref();
        let context = Context {
            message: partial.and_then(|partial| partial.unfinished(self.inflation.as_deref())),
            limit: self.max_message,
            deflate: self.inflation.is_some(),
            from: self.from,
        };
        if partial.is_none_or(|partial| partial.header.is_empty()) {
            if let Some((frame, size)) = frame::parse(input, context)? {
                input.advance(size);
                return Ok(Some(frame));
            }
            self.partial().header.extend(input);
            input.clear();
            return Ok(None);
        }
        let header = &mut self.partial().header;
        let kept = header.len();
        let taken = header.extend(input);
        let Some((frame, size)) = frame::parse(header, context)? else {
            input.advance(taken);
            return Ok(None);
        };
        *header = HeaderStart::default();
        // The kept bytes were no whole header, so at least one byte of this one came from the input.
        input.advance(size - kept);
        Ok(Some(frame))
    }

    fn partial(&mut self) -> &mut Partial {
        self.partial.get_or_insert_default()
    }

    /// The bytes of memory that an unfinished message or frame keeps, or `None` if nothing is unfinished.
    pub fn unfinished(&self) -> Option<usize> {
        let partial = self.partial.as_ref()?;
        let stream = if partial.message.is_some() && partial.is_compressed { STREAM_BYTES } else { 0 };
        Some(size_of::<Partial>() + partial.held() + stream)
    }

    /// The bytes of memory that it keeps on the heap for payloads.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.held())
    }

    /// Whether it keeps nothing at all.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.partial.is_none()
    }
}

impl Partial {
    /// The bytes of memory that it keeps on the heap.
    fn held(&self) -> usize {
        self.control.capacity() + self.message.as_ref().map_or(0, Assembly::capacity)
    }

    fn is_empty(&self) -> bool {
        self.header.is_empty() && self.frame.is_none() && self.message.is_none()
    }

    /// The message that lacks frames, if there is one.
    fn unfinished(&self, inflation: Option<&Inflation>) -> Option<Unfinished> {
        let message = self.message.as_ref()?;
        let inflation = inflation.filter(|_| self.is_compressed);
        let arrived = inflation.map_or_else(|| message.len(), Inflation::arrived);
        Some(Unfinished { format: message.format(), is_compressed: inflation.is_some(), arrived })
    }

    /// Takes the available part of the frame's payload. Keeps the frame if its payload is incomplete; otherwise returns the
    /// event that the frame completes, if it completes one.
    fn take_piece(
        &mut self,
        mut frame: Frame,
        input: &mut BytesMut,
        limit: usize,
        inflation: Option<&mut Inflation>,
    ) -> Result<Option<Incoming>, Violation> {
        let len = frame.missing().min(input.len());
        if len == 0 && frame.missing() > 0 {
            // Only the header is here. If the rest comes at once, it need not be copied.
            self.frame = Some(frame);
            return Ok(None);
        }
        let piece = &mut input[..len];
        unmask(piece, frame.mask, frame.seen);
        match frame.kind {
            Kind::Control(_) => self.control.extend_from_slice(piece),
            Kind::Data(format) => {
                let message = self.message.get_or_insert_with(|| Assembly::new(format));
                self.is_compressed = frame.is_compressed;
                match inflation.filter(|_| frame.is_compressed) {
                    Some(inflation) => {
                        inflation.push(piece, |inflated| message.push_limited(inflated, limit))?;
                        if frame.is_final && len == frame.missing() {
                            inflation.finish(|inflated| message.push_limited(inflated, limit))?;
                        }
                    }
                    None => {
                        let ceiling = if frame.is_final { message.len() + frame.missing() } else { limit };
                        message.push(piece, ceiling)?;
                    }
                }
            }
        }
        input.advance(len);
        frame.seen += len;
        if frame.missing() > 0 {
            self.frame = Some(frame);
            return Ok(None);
        }
        match frame.kind {
            Kind::Control(kind) => {
                let payload = std::mem::take(&mut self.control);
                control(kind, payload.into()).map(Some)
            }
            Kind::Data(_) => match self.message.take_if(|_| frame.is_final) {
                Some(message) => Ok(Some(Incoming::Message(message.finish()?))),
                None => Ok(None),
            },
        }
    }
}

/// The event of a frame that has arrived whole. Its payload is split off the input, not copied.
fn whole(frame: &Frame, input: &mut BytesMut) -> Result<Incoming, Violation> {
    let mut payload = input.split_to(frame.len);
    unmask(&mut payload, frame.mask, 0);
    let payload = payload.freeze();
    match frame.kind {
        Kind::Data(Format::Text) => {
            let text = text(payload).map_err(|_| Violation::InvalidText)?;
            Ok(Incoming::Message(Message::Text(text)))
        }
        Kind::Data(Format::Binary) => Ok(Incoming::Message(Message::Binary(payload))),
        Kind::Control(kind) => control(kind, payload),
    }
}

/// The event of a control frame with this payload.
fn control(kind: Control, payload: Bytes) -> Result<Incoming, Violation> {
    match kind {
        Control::Close => CloseFrame::parse(payload).map(Incoming::Close),
        Control::Ping => Ok(Incoming::Ping(payload)),
        Control::Pong => Ok(Incoming::Pong(payload)),
    }
}
