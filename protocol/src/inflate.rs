//! The receiving half of permessage-deflate (RFC 7692 §7.2.2): compressed messages in, bytes of messages out.

use std::cell::RefCell;
use std::rc::Rc;

use flate2::{Decompress, FlushDecompress, Status};

use super::violation::Violation;

/// The bytes that a sender omits at the end of a message (RFC 7692 §7.2.1): an empty block without the bits of its header,
/// which are the message's last.
const TAIL: &[u8] = &[0x00, 0x00, 0xFF, 0xFF];
/// A last, empty block. A stream between two blocks takes it, and reports its end.
const LAST_BLOCK: &[u8] = &[0x03, 0x00];
/// The bytes that are inflated at once. They are checked against the limit before more are inflated.
const CHUNK_BYTES: usize = 16 << 10;
/// The number of idle streams that are kept for the next messages. Messages that arrive whole need one in all.
const KEEP_STREAMS: usize = 4;

/// The memory of a stream.
pub(super) const STREAM_BYTES: usize = 40 << 10;

/// Streams that are lent to a connection for the time of one message.
#[derive(Debug)]
pub struct Inflaters {
    free: RefCell<Vec<Decompress>>,
    chunk: RefCell<Vec<u8>>,
}

impl Inflaters {
    /// An empty stock of streams.
    pub fn new() -> Rc<Self> {
        Rc::new(Self { free: RefCell::default(), chunk: RefCell::default() })
    }

    /// How many streams wait to be lent.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.free.borrow().len()
    }

    fn take(&self) -> Decompress {
        self.free.borrow_mut().pop().unwrap_or_else(|| Decompress::new(false))
    }

    fn give_back(&self, mut stream: Decompress) {
        let mut free = self.free.borrow_mut();
        if free.len() < KEEP_STREAMS {
            stream.reset(false);
            free.push(stream);
        }
    }
}

/// Inflates the messages of one connection.
#[derive(Debug)]
pub struct Inflation {
    streams: Rc<Inflaters>,
    /// Whether a message may refer to the ones before it (RFC 7692 §7.1.1.2).
    takeover: bool,
    /// The stream in use: within a message, and between messages if their context is kept.
    stream: Option<Decompress>,
    /// How many compressed bytes of this message have come.
    arrived: usize,
    /// The stream ended with the last byte that has come, by a block that says that it is the last.
    at_end: bool,
}

impl Inflation {
    /// For a connection that has agreed to compress. With `takeover` it keeps a stream of its own from its first message on.
    pub fn new(streams: Rc<Inflaters>, takeover: bool) -> Self {
        Self { streams, takeover, stream: None, arrived: 0, at_end: false }
    }

    /// How many compressed bytes of this message have come.
    pub(super) fn arrived(&self) -> usize {
        self.arrived
    }

    /// Inflates the next piece of a message into `sink`, which may refuse more.
    pub(super) fn push(&mut self, piece: &[u8], sink: impl FnMut(&[u8]) -> Result<(), Violation>) -> Result<(), Violation> {
        if piece.is_empty() {
            return Ok(());
        }
        self.arrived += piece.len();
        self.inflate(piece, sink)
    }

    /// The message's last piece has been pushed.
    pub(super) fn finish(&mut self, mut sink: impl FnMut(&[u8]) -> Result<(), Violation>) -> Result<(), Violation> {
        // No bytes at all are an empty message, and a stream that has ended needs no end.
        if self.arrived > 0 && !self.at_end {
            self.inflate(TAIL, &mut sink)?;
            // A stream that is kept must not be ended, so that a message that breaks off is noticed only without takeover.
            if !self.takeover {
                self.inflate(LAST_BLOCK, sink)?;
                if !self.at_end {
                    return Err(Violation::BrokenCompression);
                }
            }
        }
        self.arrived = 0;
        self.at_end = false;
        if !self.takeover
            && let Some(stream) = self.stream.take()
        {
            self.streams.give_back(stream);
        }
        Ok(())
    }

    fn inflate(&mut self, mut input: &[u8], mut sink: impl FnMut(&[u8]) -> Result<(), Violation>) -> Result<(), Violation> {
        let stream = self.stream.get_or_insert_with(|| self.streams.take());
        let mut chunk = self.streams.chunk.take();
        chunk.resize(CHUNK_BYTES, 0);
        let outcome = loop {
            let (read, written) = (stream.total_in(), stream.total_out());
            let Ok(status) = stream.decompress(input, &mut chunk, FlushDecompress::None) else {
                break Err(Violation::BrokenCompression);
            };
            // No truncation: both are at most the length of a slice.
            let (read, written) = ((stream.total_in() - read) as usize, (stream.total_out() - written) as usize);
            input = &input[read..];
            if let Err(violation) = sink(&chunk[..written]) {
                break Err(violation);
            }
            self.at_end = status == Status::StreamEnd;
            if self.at_end {
                // A block may say that it is the last without being it (RFC 7692 §7.2.3.4): a new stream begins.
                stream.reset(false);
            }
            let is_done = input.is_empty() && (self.at_end || written < chunk.len());
            if is_done {
                break Ok(());
            }
            if read == 0 && written == 0 {
                break Err(Violation::BrokenCompression);
            }
        };
        self.streams.chunk.replace(chunk);
        outcome
    }
}
