//! The frames of the message that is sent, made once.

use ws_protocol::{Deflater, write_close, write_masked, write_message, write_pong};

/// The masking key of every frame. Real clients choose a new one each time (RFC 6455 §5.3), to protect proxies. The server does the
/// same work for a constant key.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The most bytes of one write, if several messages may be sent together.
const BATCH_BYTES: usize = 64 << 10;
/// The window of the compression, as a power of two: the largest.
const WINDOW: u8 = 15;

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
        let plain = masked(|frame| write_message(frame, !binary, &payload));
        // It refers to no other message, so it suits every agreement about contexts.
        let deflated = || masked(|frame| frame.extend_from_slice(Deflater::new(WINDOW).in_context(!binary, &payload)));
        Self { plain: Frames::new(&plain, batch), deflated: compression.then(|| Frames::new(&deflated(), batch)) }
    }

    /// The frames for a connection.
    pub fn frames(&self, compressed: bool) -> &Frames {
        self.deflated.as_ref().filter(|_| compressed).unwrap_or(&self.plain)
    }
}

impl Frames {
    fn new(frame: &[u8], batch: usize) -> Self {
        let copies = (BATCH_BYTES / frame.len()).clamp(1, batch.max(1));
        Self { bytes: frame.repeat(copies), len: frame.len() }
    }
}

/// A pong that answers a ping.
pub fn pong(payload: &[u8]) -> Vec<u8> {
    masked(|frame| write_pong(frame, payload))
}

/// A close frame for a normal end.
pub fn close() -> Vec<u8> {
    masked(|frame| write_close(frame, 1000, ""))
}

/// A frame with the masking key.
fn masked(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (mut frame, mut masked) = (Vec::new(), Vec::new());
    write(&mut frame);
    write_masked(&mut masked, &frame, MASK);
    masked
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
