//! A client that has agreed on permessage-deflate, frame by frame.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use super::http::{Raw, upgrade};
use super::raw::frame;

/// The first byte of a final text frame with the bit of a compressed message (RFC 7692 §6).
const COMPRESSED_TEXT: u8 = 0xC1;

/// A connected client that compresses.
pub struct Deflating {
    /// The connection, for frames that this client has no method for.
    pub raw: Raw,
    /// The server's agreement.
    pub agreed: String,
    inflater: Decompress,
}

/// A received message.
#[derive(Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its text.
    pub text: String,
    /// Whether it was compressed.
    pub compressed: bool,
    /// The size of its frame's payload, in bytes.
    pub len: usize,
}

impl Deflating {
    /// Connects with this offer.
    pub fn connect(address: &str, offer: &str) -> Self {
        let mut raw = Raw::connect(address);
        raw.says(upgrade("/", &[("Sec-WebSocket-Extensions", offer)]).as_bytes());
        let head = raw.head();
        assert_eq!(head.status, 101);
        let agreed = head.header("sec-websocket-extensions").to_owned();
        Self { raw, agreed, inflater: Decompress::new(false) }
    }

    /// Sends a text, compressed without context.
    pub fn says(&mut self, text: &str) {
        self.raw.says(&frame(COMPRESSED_TEXT, &deflate(text.as_bytes())));
    }

    /// The next text message. A compressed one may refer to earlier ones.
    pub fn hears(&mut self) -> Heard {
        let (first, payload) = self.raw.frame();
        let len = payload.len();
        let compressed = first == COMPRESSED_TEXT;
        let bytes = if compressed { self.inflate(payload) } else { payload };
        assert!(compressed || first == 0x81, "a text comes next, not {first:x} {bytes:?}");
        Heard { text: String::from_utf8(bytes).expect("a text is UTF-8"), compressed, len }
    }

    fn inflate(&mut self, mut payload: Vec<u8>) -> Vec<u8> {
        payload.extend([0x00, 0x00, 0xFF, 0xFF]);
        let mut text = Vec::with_capacity(1 << 20);
        self.inflater.decompress_vec(&payload, &mut text, FlushDecompress::Sync).expect("the server's stream can be read");
        text
    }
}

/// A payload, compressed by a client that keeps no context.
pub fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 100 + 100);
    Compress::new(Compression::default(), false).compress_vec(payload, &mut out, FlushCompress::Sync).expect("there is room");
    out.truncate(out.len() - 4);
    out
}
