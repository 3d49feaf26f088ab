//! One message whose bytes arrive in pieces: in several frames, several reads or both.

use bytes::Bytes;

use super::frame::Format;
use super::message::Message;
use super::utf8::PartialText;
use super::violation::Violation;

/// A message that is not complete yet.
#[derive(Debug)]
pub(super) enum Assembly {
    Text(PartialText),
    Binary(Vec<u8>),
}

impl Assembly {
    /// A message of this format, of which nothing has arrived.
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Text => Self::Text(PartialText::default()),
            Format::Binary => Self::Binary(Vec::new()),
        }
    }

    /// The format of the message.
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Text(_) => Format::Text,
            Self::Binary(_) => Format::Binary,
        }
    }

    /// The bytes that have arrived.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(data) => data.len(),
        }
    }

    /// The bytes of memory that it holds.
    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::Text(text) => text.capacity(),
            Self::Binary(data) => data.capacity(),
        }
    }

    /// Appends unmasked bytes. `ceiling` is the most that the whole message can have, in bytes.
    pub(super) fn push(&mut self, piece: &[u8], ceiling: usize) -> Result<(), Violation> {
        let growth = growth(self.len(), self.capacity(), piece.len(), ceiling);
        match self {
            Self::Text(text) => {
                text.reserve_exact(growth);
                text.push(piece).map_err(|_| Violation::InvalidText)
            }
            Self::Binary(data) => {
                data.reserve_exact(growth);
                data.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// The same for bytes that nothing has announced, because they were inflated: the message ends where it passes the limit.
    pub(super) fn push_limited(&mut self, piece: &[u8], limit: usize) -> Result<(), Violation> {
        let size = self.len() + piece.len();
        if size > limit {
            return Err(Violation::TooBig { size: size as u64, limit });
        }
        if piece.is_empty() { Ok(()) } else { self.push(piece, limit) }
    }

    /// The whole message. Its buffer is handed on, neither copied nor checked again.
    pub(super) fn finish(self) -> Result<Message, Violation> {
        match self {
            Self::Text(text) => {
                let text = text.finish().map_err(|_| Violation::InvalidText)?;
                Ok(Message::text(text))
            }
            Self::Binary(data) => Ok(Message::Binary(Bytes::from(data))),
        }
    }
}

/// How much room to make for a piece. The buffer doubles, so that many small pieces cost linear time, but it
/// follows what has arrived and not what a header promises, and it never passes the ceiling.
fn growth(len: usize, capacity: usize, piece: usize, ceiling: usize) -> usize {
    let needed = len + piece;
    if needed <= capacity {
        return 0;
    }
    needed.max((2 * len).min(ceiling)) - len
}
