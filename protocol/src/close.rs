//! Close codes, reasons, and the frame that has both.

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::violation::Violation;

/// The longest close reason in bytes: a control frame holds 125 (RFC 6455 §5.5), two of them the code.
pub const MAX_REASON: usize = 123;

/// "No status received": a close frame without a code. Never on the wire (RFC 6455 §7.4.1).
pub const NO_STATUS: u16 = 1005;

/// "Abnormal closure": no close frame came at all. Never on the wire (RFC 6455 §7.4.1).
pub const ABNORMAL: u16 = 1006;

/// Whether a close frame may carry this code, in either direction (RFC 6455 §7.4 and the IANA registry
/// of close codes): the defined ones that are meant for the wire, libraries' and applications' own.
pub const fn may_send(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The longest start of `reason` that a close frame has room for ([`MAX_REASON`]), cut between characters.
pub fn cut_reason(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}

/// The code and reason of a peer's close frame (RFC 6455 §5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame {
    /// The close code, one that [`may_send`] allows.
    pub code: u16,
    /// The reason, at most [`MAX_REASON`] bytes, or the empty string.
    pub reason: ByteString,
}

impl CloseFrame {
    /// Reads a close frame's unmasked payload (RFC 6455 §5.5.1): nothing, or a code and perhaps a reason.
    pub(super) fn parse(mut payload: Bytes) -> Result<Option<Self>, Violation> {
        match payload.len() {
            0 => return Ok(None),
            1 => return Err(Violation::HalfCloseCode),
            _ => {}
        }
        let code = payload.get_u16();
        if !may_send(code) {
            return Err(Violation::InvalidCloseCode(code));
        }
        let reason = ByteString::try_from(payload).map_err(|_| Violation::InvalidCloseReason)?;
        Ok(Some(Self { code, reason }))
    }
}
