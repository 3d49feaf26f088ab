//! The minimal WebSocket protocol of the two floors: enough for an echo, without limits and validation.

use std::ops::Range;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The port that the first argument names.
pub fn port() -> u16 {
    std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("the first argument is a port")
}

/// The length of a client's mask, which a server's frame lacks.
const MASK: usize = 4;
/// The longest header of a client's frame.
const LONGEST_HEADER: usize = 14;

/// The answer to a complete upgrade request, and the request's length.
pub fn welcome(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let length = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let request = String::from_utf8_lossy(&bytes[..length]);
    let fields = request.lines().filter_map(|line| line.split_once(':'));
    let key = fields.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).map(|(_, key)| key.trim()).next();
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Some((answer.into_bytes(), length))
}

/// The answers to the complete frames at the start of some bytes.
#[derive(Debug)]
pub struct Echo {
    /// The range of the answering frames in the same bytes.
    pub answer: Range<usize>,
    /// The number of bytes that the client's frames took.
    pub taken: usize,
    /// Whether the last of them was a Close frame.
    pub ends: bool,
}

/// Turns the complete frames at the start of some bytes into their answers, in place. The first frame's payload stays where it
/// is, behind a header that is shorter by the mask. The following frames move up to it.
pub fn echo(bytes: &mut [u8]) -> Echo {
    let mut echo = Echo { answer: MASK..MASK, taken: 0, ends: false };
    while !echo.ends
        && let Some(frame) = Frame::parse(&bytes[echo.taken..])
        && bytes.len() - echo.taken >= frame.total()
    {
        let header = echo.taken..echo.taken + frame.header;
        let payload = header.end + MASK..echo.taken + frame.total();
        echo.taken = payload.end;
        let opcode = bytes[header.start] & 0x0f;
        echo.ends = opcode == 8;
        if opcode == 10 {
            continue;
        }
        let mask = [0, 1, 2, 3].map(|at| bytes[header.end + at]);
        let to = echo.answer.end;
        bytes.copy_within(header, to);
        // A Ping becomes a Pong, and the mask bit is cleared.
        bytes[to] |= if opcode == 9 { 10 } else { 0 };
        bytes[to] &= if opcode == 9 { 0xfa } else { 0xff };
        bytes[to + 1] &= 0x7f;
        let to = to + frame.header;
        echo.answer.end = to + payload.len();
        if payload.start != to {
            bytes.copy_within(payload, to);
        }
        unmask(&mut bytes[to..echo.answer.end], mask);
    }
    if echo.answer.is_empty() {
        // The payload may be empty.
        echo.answer = 0..0;
    }
    echo
}

/// The length of the frame at the start of some bytes, or that of the longest header if its header is incomplete.
pub fn wanted(bytes: &[u8]) -> usize {
    Frame::parse(bytes).map_or(LONGEST_HEADER, |frame| frame.total())
}

/// The lengths of a client's frame.
struct Frame {
    header: usize,
    payload: usize,
}

impl Frame {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let frame = match (*bytes.get(1)? & 0x7f, bytes) {
            (126, [_, _, a, b, ..]) => Self { header: 4, payload: u16::from_be_bytes([*a, *b]).into() },
            (127, [_, _, a, b, c, d, e, f, g, h, ..]) => {
                let payload = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                Self { header: 10, payload: payload.try_into().ok()? }
            }
            (126 | 127, _) => return None,
            (short, _) => Self { header: 2, payload: short.into() },
        };
        Some(frame)
    }

    fn total(&self) -> usize {
        (self.header + MASK).saturating_add(self.payload)
    }
}

fn unmask(payload: &mut [u8], mask: [u8; MASK]) {
    let wide = u64::from_ne_bytes([0, 1, 2, 3, 0, 1, 2, 3].map(|at: usize| mask[at]));
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    #[test]
    fn frames_that_came_together_are_answered_together() {
        let long = [7; 300];
        let frames = [masked(0x81, b"hello, world"), masked(0x8a, b"pong"), masked(0x89, b"ping"), masked(0x82, &long)].concat();
        let half = masked(0x81, b"half");
        let mut bytes = [&frames[..], &half[..5]].concat();
        let echo = echo(&mut bytes);
        assert_eq!((echo.taken, echo.ends), (frames.len(), false));
        let expected = [&b"\x81\x0chello, world\x8a\x04ping\x82\x7e\x01\x2c"[..], &long].concat();
        assert_eq!(bytes[echo.answer], expected);
        assert_eq!(bytes[echo.taken..], half[..5]);
    }

    #[test]
    fn a_close_frame_is_answered_last() {
        let mut bytes = [masked(0x88, &[3, 232]), masked(0x81, b"late")].concat();
        let echo = echo(&mut bytes);
        assert!(echo.ends);
        assert_eq!(bytes[echo.answer], [0x88, 2, 3, 232]);
    }

    #[test]
    fn a_frame_tells_its_length_as_soon_as_its_header_is_there() {
        let frame = masked(0x82, &[7; 300]);
        assert_eq!(wanted(&frame[..3]), LONGEST_HEADER);
        assert_eq!(wanted(&frame[..9]), frame.len());
        assert_eq!(echo(&mut frame[..9].to_vec()).taken, 0);
        assert_eq!(echo(&mut []).answer, 0..0);
    }

    #[test]
    fn an_upgrade_is_answered_once_it_is_complete() {
        let request = b"GET / HTTP/1.1\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81";
        assert!(welcome(&request[..request.len() - 2]).is_none());
        let (answer, length) = welcome(request).expect("the request is complete");
        assert_eq!(length, request.len() - 1);
        assert!(String::from_utf8_lossy(&answer).contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    }
}
