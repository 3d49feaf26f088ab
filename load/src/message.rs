//! The frames of the message that is sent, made once.

use flate2::{Compress, Compression, FlushCompress};

/// The masking key of every frame. Real clients choose a new one each time (RFC 6455 §5.3), to protect proxies. The server does the
/// same work for a constant key.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The most bytes of one write, if several messages may be sent together.
const BATCH_BYTES: usize = 64 << 10;
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PONG: u8 = 0xa;

/// A message as bytes for the wire.
#[derive(Debug)]
pub struct Prepared {
    plain: Frames,
    /// The same, compressed, for servers that have agreed on compression.
    deflated: Option<Frames>,
}

/// Several copies of one frame, for writes of several messages.
#[derive(Debug)]
pub struct Frames {
    /// The copies.
    pub bytes: Vec<u8>,
    /// The length of one copy.
    pub len: usize,
}

impl Prepared {
    /// Makes the frames. A connection may send `batch` of them at once.
    pub fn new(size: usize, binary: bool, compression: bool, batch: usize) -> Self {
        let payload = if binary { noise(size) } else { words(size) };
        let first = FIN | if binary { BINARY } else { TEXT };
        let deflated = compression.then(|| Frames::new(first | RSV1, &deflate(&payload), batch));
        Self { plain: Frames::new(first, &payload, batch), deflated }
    }

    /// The frames for a connection.
    pub fn frames(&self, compressed: bool) -> &Frames {
        self.deflated.as_ref().filter(|_| compressed).unwrap_or(&self.plain)
    }
}

impl Frames {
    fn new(first: u8, payload: &[u8], batch: usize) -> Self {
        let frame = frame(first, payload);
        let len = frame.len();
        let copies = (BATCH_BYTES / len).clamp(1, batch.max(1));
        Self { bytes: frame.repeat(copies), len }
    }
}

/// A pong that answers a ping.
pub fn pong(payload: &[u8]) -> Vec<u8> {
    frame(FIN | PONG, payload)
}

/// A close frame with the code 1000.
pub fn close() -> Vec<u8> {
    frame(FIN | CLOSE, &1000_u16.to_be_bytes())
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(0x80 | len as u8),
        len @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Text that compresses like ordinary language: words in no order.
fn words(size: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "room", "hello ", "the ", "socket", " and ", "client", "frame", " of ", "message", " in ", "server", "ping ", "who ",
        "text ", "shard", " is ",
    ];
    let mut text: Vec<u8> = noise(size).into_iter().flat_map(|byte| WORDS[usize::from(byte) % WORDS.len()].bytes()).collect();
    text.truncate(size);
    text
}

/// Bytes without a pattern, the same ones each time (xorshift).
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(next).collect()
}

/// One message, compressed by RFC 7692 §7.2.1: flushed, without the last four bytes. It refers to no earlier message, so it is valid
/// under every agreement on contexts.
fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut stream = Compress::new(Compression::default(), false);
    let mut bytes = Vec::with_capacity(payload.len() + payload.len() / 8 + 64);
    stream.compress_vec(payload, &mut bytes, FlushCompress::Sync).expect("deflate takes any bytes");
    assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]), "the buffer has enough room, so the flush is complete");
    bytes.truncate(bytes.len() - 4);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_header_that_its_size_asks_for() {
        for (size, header) in [(20, 6), (125, 6), (126, 8), (0xffff, 8), (0x1_0000, 14)] {
            let frames = Prepared::new(size, false, false, 1);
            let frames = frames.frames(true);
            assert_eq!((frames.len, frames.bytes.len()), (size + header, size + header));
        }
    }

    #[test]
    fn text_is_utf8_and_several_frames_lie_side_by_side() {
        assert!(std::str::from_utf8(&words(1000)).is_ok());
        let frames = Prepared::new(20, false, false, 4);
        let frames = frames.frames(false);
        assert_eq!(frames.bytes.len(), 4 * frames.len);
        assert_eq!(frames.bytes[..frames.len], frames.bytes[3 * frames.len..]);
        assert_eq!(Prepared::new(64 << 10, false, false, 4).frames(false).bytes.len(), (64 << 10) + 14);
    }

    #[test]
    fn a_compressed_message_says_so_and_is_smaller() {
        let message = Prepared::new(1024, false, true, 1);
        assert_eq!(message.frames(true).bytes[0], 0xc1);
        assert!(message.frames(true).len < message.frames(false).len);
    }
}
