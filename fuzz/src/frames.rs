//! Client frames (RFC 6455 §5.2), written by hand: the codec's own output would be no check of its parser.

/// Opcodes.
pub const CONTINUATION: u8 = 0x0;
/// Opcodes.
pub const TEXT: u8 = 0x1;
/// Opcodes.
pub const BINARY: u8 = 0x2;
/// Opcodes.
pub const CLOSE: u8 = 0x8;
/// Opcodes.
pub const PING: u8 = 0x9;
/// Opcodes.
pub const PONG: u8 = 0xA;
/// The bit of a final frame.
pub const FIN: u8 = 0x80;
/// The bit of a compressed message (RFC 7692 §6).
pub const RSV1: u8 = 0x40;

/// The encoding of a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// The shortest one.
    Fitting,
    /// At least two bytes.
    Two,
    /// Eight bytes.
    Eight,
}

/// A masked frame with this first byte.
pub fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, Width::Fitting, mask, payload.len() as u64);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The header of a masked frame.
pub fn header(first: u8, width: Width, mask: [u8; 4], len: u64) -> Vec<u8> {
    let mut header = vec![first];
    match (len, width) {
        (0..=125, Width::Fitting) => header.push(0x80 | len as u8),
        (0..=0xFFFF, Width::Fitting | Width::Two) => {
            header.push(0x80 | 126);
            header.extend((len as u16).to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(len.to_be_bytes());
        }
    }
    header.extend(mask);
    header
}
