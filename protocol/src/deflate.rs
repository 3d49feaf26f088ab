//! The sending half of permessage-deflate (RFC 7692 §7.2.1), and the agreement on its parameters.
//!
//! A message to many receivers is compressed once for each size of window, with a stream of [`Deflaters`] that keeps no context
//! between messages. A connection with a context of its own has a [`Deflater`] for messages to it alone. A message from
//! [`Deflaters`] enters that client's window too, without passing its own stream, so that stream starts afresh:
//! [`Deflater::forget`].
//!
//! The receiving half lends its streams as well ([`Inflaters`](super::Inflaters)): a connection between messages keeps none, unless
//! its context does. It inflates piece by piece as bytes arrive, and checks each piece against the limit and as text.

use flate2::{Compress, Compression, FlushCompress};

use super::encode::{MAX_HEADER, compressed_header, message_len};

/// The bytes of a flush at the end of a message, which are not sent (RFC 7692 §7.2.1).
const TAIL: &[u8] = &[0x00, 0x00, 0xFF, 0xFF];
/// The smallest and the largest window that a stream can have, as a power of two. zlib has no window of 2^8 that others
/// could read.
const WINDOWS: std::ops::RangeInclusive<u8> = 9..=15;
/// How hard to try, from 1 to 9 (docs/decisions.md has the figures).
const LEVEL: u32 = 4;
/// A scratch buffer that one large message has made larger than this is given back.
const KEEP_BYTES: usize = 64 << 10;

/// The parameters of permessage-deflate that both sides have agreed on (RFC 7692 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The server's window, as a power of two: 9 to 15.
    pub server_window: u8,
    /// Whether the server's messages may refer to the ones before.
    pub server_takeover: bool,
    /// Whether the client's messages may refer to the ones before.
    pub client_takeover: bool,
}

/// A stream that compresses messages. It measures some 300 kB.
#[derive(Debug)]
pub struct Deflater {
    stream: Compress,
    /// The frame that was made last, and where it begins.
    frame: Vec<u8>,
    /// The other side's window no longer holds what this stream has seen last: it must not be referred to.
    stale: bool,
}

impl Deflater {
    /// A stream with a window of this power of two, from 9 to 15.
    pub fn new(window: u8) -> Self {
        let window = window.clamp(*WINDOWS.start(), *WINDOWS.end());
        let stream = Compress::new_with_window_bits(Compression::new(LEVEL), false, window);
        Self { stream, frame: Vec::new(), stale: false }
    }

    /// Makes the frame of a message that refers to no other: every receiver with a window of this size can read it, with
    /// any history. `None` if the frame would not be smaller than the plain one.
    pub fn alone(&mut self, text: bool, payload: &[u8]) -> Option<&[u8]> {
        self.stale = true;
        let frame = self.in_context(text, payload);
        (frame.len() < message_len(payload.len())).then_some(frame)
    }

    /// Makes the frame of a message that may refer to the ones before. It must be sent.
    pub fn in_context(&mut self, text: bool, payload: &[u8]) -> &[u8] {
        if std::mem::take(&mut self.stale) {
            self.stream.reset();
        }
        if self.frame.capacity() > KEEP_BYTES {
            self.frame = Vec::new();
        }
        self.frame.clear();
        // The header's size is known only when the payload is compressed: it is written in front of it then.
        self.frame.resize(MAX_HEADER, 0);
        if payload.is_empty() {
            // A second flush in a row would give nothing at all (RFC 7692 §7.2.3.6).
            self.frame.extend_from_slice(&[0x00, 0x00, 0x00, 0xFF, 0xFF]);
        } else {
            self.compress(payload);
        }
        let end = self.frame.len() - TAIL.len();
        debug_assert_eq!(&self.frame[end..], TAIL, "a flush ends with an empty block");
        let header = compressed_header(text, end - MAX_HEADER);
        let start = MAX_HEADER - header.len();
        self.frame[start..MAX_HEADER].copy_from_slice(&header);
        &self.frame[start..end]
    }

    /// Starts afresh: the other side has received a message that did not pass this stream.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    fn compress(&mut self, mut payload: &[u8]) {
        loop {
            // Half of it is a guess that is mostly enough; otherwise a further round follows.
            self.frame.reserve(payload.len() / 2 + 64);
            let before = self.stream.total_in();
            self.stream
                .compress_vec(payload, &mut self.frame, FlushCompress::Sync)
                .expect("a stream that has neither ended nor lacks room takes what it gets");
            payload = &payload[(self.stream.total_in() - before) as usize..];
            // With room left, everything has come out.
            if payload.is_empty() && self.frame.len() < self.frame.capacity() {
                return;
            }
        }
    }
}

/// The streams of one shard, one for each size of window. Made when they are needed.
#[derive(Debug, Default)]
pub struct Deflaters {
    by_window: [Option<Box<Deflater>>; 7],
}

impl Deflaters {
    /// The stream with a window of this power of two.
    pub fn with_window(&mut self, window: u8) -> &mut Deflater {
        let window = window.clamp(*WINDOWS.start(), *WINDOWS.end());
        let stream = &mut self.by_window[usize::from(window - WINDOWS.start())];
        stream.get_or_insert_with(|| Box::new(Deflater::new(window)))
    }
}
