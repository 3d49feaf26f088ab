//! The one table from a connection's end to its close code.

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::violation::Violation;
use crate::types::{CloseCause, CloseInfo};

/// The longest close reason in bytes: a control frame holds 125 (RFC 6455 §5.5), two of them the code.
pub const MAX_REASON: usize = 123;

/// "No status received": a close frame without a code. Never on the wire (RFC 6455 §7.4.1).
const NO_STATUS: u16 = 1005;

/// "Abnormal closure": no close frame came at all. Never on the wire (RFC 6455 §7.4.1).
const ABNORMAL: u16 = 1006;

impl CloseCause {
    /// The close code that this cause leads to, or `None` for the two that bring their own:
    /// [`CloseCause::Client`] and [`CloseCause::Guest`].
    ///
    /// Lost and timed-out connections have 1006, which is never sent: there is nobody left to read it.
    pub const fn code(self) -> Option<u16> {
        match self {
            Self::Client | Self::Guest => None,
            Self::Lost | Self::Timeout => Some(ABNORMAL),
            Self::Shutdown => Some(1001),
            // Text that is not UTF-8 has 1007 instead: `Violation::code` knows which rule was broken.
            Self::Protocol => Some(1002),
            Self::Policy => Some(1008),
            Self::TooBig => Some(1009),
            Self::Trap => Some(1011),
            Self::Restart => Some(1012),
            Self::Overload => Some(1013),
        }
    }
}

/// Whether a close frame may carry this code, in either direction (RFC 6455 §7.4 and the IANA registry
/// of close codes): the defined ones that are meant for the wire, libraries' and applications' own.
pub const fn may_send(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The longest start of `reason` that a close frame has room for ([`MAX_REASON`]), cut between characters.
pub fn cut_reason(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}

/// What a client's close frame says, if it says anything (RFC 6455 §5.5.1).
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

impl CloseInfo {
    /// The client closed with this frame. Without a code in it, the code is 1005 (RFC 6455 §7.1.5).
    pub fn client(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = frame.map_or((NO_STATUS, ByteString::new()), |frame| (frame.code, frame.reason));
        Self { code, reason, clean: true, cause: CloseCause::Client }
    }

    /// The app closed with this code, which `may_send` allows, and this reason, cut to 123 bytes.
    pub fn guest(code: u16, reason: impl Into<ByteString>) -> Self {
        Self::sent(CloseCause::Guest, code, reason)
    }

    /// The connection ended without a close frame (RFC 6455 §7.1.5).
    pub fn lost() -> Self {
        Self { code: ABNORMAL, reason: ByteString::new(), clean: false, cause: CloseCause::Lost }
    }

    /// The client did not answer in time, and was not asked to leave since it would not have listened.
    pub fn timeout() -> Self {
        Self { cause: CloseCause::Timeout, ..Self::lost() }
    }

    /// The client broke this rule; the reason tells it which one.
    pub fn violation(violation: Violation) -> Self {
        Self::sent(violation.cause(), violation.code(), violation.to_string())
    }

    /// The client broke a rule of the host, such as a rate limit (1008).
    pub fn policy(reason: impl Into<ByteString>) -> Self {
        Self::host(CloseCause::Policy, reason)
    }

    /// The host shuts down (1001).
    pub fn shutdown() -> Self {
        Self::host(CloseCause::Shutdown, ByteString::from_static("the server shuts down"))
    }

    /// The owner disconnects the client, and the host goes on (1001: of the codes for the wire, the one for an end that is
    /// nobody's mistake and that the client may follow with a new connection).
    pub fn disconnected() -> Self {
        Self::host(CloseCause::Shutdown, ByteString::from_static("the server disconnects its clients"))
    }

    /// The handler trapped on an event of this client (1011).
    pub fn trap() -> Self {
        Self::host(CloseCause::Trap, ByteString::from_static("the application failed"))
    }

    /// The host restarts, or a swap needs new connections (1012).
    pub fn restart() -> Self {
        Self::host(CloseCause::Restart, ByteString::from_static("the server restarts"))
    }

    /// The client reads too slowly, or its room has more to do than it can (1013).
    pub fn overload(reason: impl Into<ByteString>) -> Self {
        Self::host(CloseCause::Overload, reason)
    }

    /// An end that the host brought about, with the code that the table has for the cause.
    fn host(cause: CloseCause, reason: impl Into<ByteString>) -> Self {
        // Only the client and the guest bring codes of their own, and neither is a decision of the host.
        let code = cause.code().unwrap_or(ABNORMAL);
        Self::sent(cause, code, reason)
    }

    /// An end that a close frame to the client announces. The reason is what that frame has room for.
    fn sent(cause: CloseCause, code: u16, reason: impl Into<ByteString>) -> Self {
        let reason = reason.into();
        let reason = reason.slice_ref(cut_reason(&reason));
        Self { code, reason, clean: true, cause }
    }
}
