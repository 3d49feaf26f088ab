//! Frames as bytes: whole messages and control frames, unmasked as a server sends them (RFC 6455 §5.1). `write_masked` turns
//! such a frame into a client's.
//!
//! Each function appends to a buffer of the caller and allocates nothing else.

use std::ops::Deref;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::close::{cut_reason, may_send};
use super::mask::unmask;

/// The largest payload of a control frame, in bytes (RFC 6455 §5.5).
pub(super) const MAX_CONTROL: usize = 125;

/// The largest header of an unmasked frame: two bytes and a length of eight (RFC 6455 §5.2).
pub(super) const MAX_HEADER: usize = 10;

/// The header of one frame, 2 to 10 bytes, to be written in front of its payload.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl Deref for Header {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The header of a text or binary message in one frame. For a caller that writes the payload from where it
/// lies, such as a broadcast.
pub fn message_header(text: bool, payload_len: usize) -> Header {
    let data = if text { Data::Text } else { Data::Binary };
    header(OpCode::Data(data), payload_len, false)
}

/// The header of a message in one frame whose payload is compressed (RFC 7692 §6).
pub(super) fn compressed_header(text: bool, payload_len: usize) -> Header {
    let data = if text { Data::Text } else { Data::Binary };
    header(OpCode::Data(data), payload_len, true)
}

/// A message's frame as `write_message` has written it: whether it is text, and its payload.
pub fn read_message(frame: &[u8]) -> (bool, &[u8]) {
    (frame[0] & 0x0F == u8::from(OpCode::Data(Data::Text)), &frame[header_len(frame)..])
}

/// Appends an unmasked frame as a client sends it, masked with this key (RFC 6455 §5.3). `frame` is one frame, as the other
/// functions here and [`Deflater`](crate::Deflater) write it.
///
/// A client takes a new key for each frame, one that the application cannot predict.
pub fn write_masked(out: &mut Vec<u8>, frame: &[u8], key: [u8; 4]) {
    const MASKED: u8 = 0x80;
    let (header, payload) = frame.split_at(header_len(frame));
    out.reserve(frame.len() + key.len());
    out.extend_from_slice(&[header[0], header[1] | MASKED]);
    out.extend_from_slice(&header[2..]);
    out.extend_from_slice(&key);
    let start = out.len();
    out.extend_from_slice(payload);
    unmask(&mut out[start..], key, 0);
}

/// The length of an unmasked frame's header.
fn header_len(frame: &[u8]) -> usize {
    match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    }
}

/// How many bytes a message takes on the wire, its header included.
pub fn message_len(payload_len: usize) -> usize {
    FrameHeader::default().len(payload_len as u64) + payload_len
}

/// Appends a message as one frame. The payload of a text message must be UTF-8.
pub fn write_message(out: &mut Vec<u8>, text: bool, payload: &[u8]) {
    out.reserve(message_len(payload.len()));
    out.extend_from_slice(&message_header(text, payload.len()));
    out.extend_from_slice(payload);
}

/// Appends a ping (RFC 6455 §5.5.2) with at most 125 bytes of payload; more are cut off.
pub fn write_ping(out: &mut Vec<u8>, payload: &[u8]) {
    write_control(out, Control::Ping, payload);
}

/// Appends a pong (RFC 6455 §5.5.3), which repeats the payload of the ping that it answers.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write_control(out, Control::Pong, payload);
}

/// Appends a close frame (RFC 6455 §5.5.1). It is empty for 1005, "no status", and for any other code that
/// must not be on the wire. The reason is cut between characters to what the frame has room for.
pub fn write_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    if !may_send(code) {
        return write_control(out, Control::Close, &[]);
    }
    let reason = cut_reason(reason);
    let code = code.to_be_bytes();
    out.extend_from_slice(&header(OpCode::Control(Control::Close), code.len() + reason.len(), false));
    out.extend_from_slice(&code);
    out.extend_from_slice(reason.as_bytes());
}

fn write_control(out: &mut Vec<u8>, control: Control, payload: &[u8]) {
    // A longer payload would be a header that the client must refuse (RFC 6455 §5.5).
    let payload = &payload[..payload.len().min(MAX_CONTROL)];
    out.extend_from_slice(&header(OpCode::Control(control), payload.len(), false));
    out.extend_from_slice(payload);
}

fn header(opcode: OpCode, payload_len: usize, rsv1: bool) -> Header {
    let mut bytes = [0; MAX_HEADER];
    let mut free = &mut bytes[..];
    FrameHeader { opcode, rsv1, ..FrameHeader::default() }
        .format(payload_len as u64, &mut free)
        .expect("an unmasked header has at most ten bytes");
    let len = MAX_HEADER - free.len();
    Header { bytes, len: len as u8 }
}
