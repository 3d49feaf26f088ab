//! The one table from a connection's end to its close code.

use std::fmt;

use bytestring::ByteString;

use crate::protocol::resume::Breach;
use crate::protocol::{ABNORMAL, CloseFrame, NO_STATUS, Violation, cut_reason};

/// The cause of a connection's end. [`CloseCause::code`] is the table from cause to close code, and its text is its name in the contract, the
/// log and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCause {
    /// The client closed it with a close frame.
    Client,
    /// The app closed it.
    Guest,
    /// The connection was lost: a reset, or its end without a close frame.
    Lost,
    /// The client did not answer in time.
    Timeout,
    /// The client broke the protocol (1002) or sent text that is not UTF-8 (1007).
    Protocol,
    /// A message passed the limit on size (1009).
    TooBig,
    /// The client broke a rate limit or another rule of the host (1008).
    Policy,
    /// The client did not read what was sent to it, its room is full, or the room's circuit or that of its address is open (1013).
    Overload,
    /// The handler trapped on an input of this client, or the host could not store what the room has done, or failed in it (1011).
    Trap,
    /// Another process takes the host's place, and the client needs a new connection (1012).
    Restart,
    /// The host shuts down (1001), or its owner disconnected the client.
    Shutdown,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseInfo {
    /// The close code (RFC 6455 §7.4) of whoever closed first: 1005 when its frame had none, 1006 when there was no frame.
    pub code: u16,
    /// The reason in that close frame, or the empty string.
    pub reason: ByteString,
    /// Whether a close frame ended it, from either side.
    pub clean: bool,
    /// The cause of the end.
    pub cause: CloseCause,
}

impl CloseCause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Client,
        Self::Guest,
        Self::Lost,
        Self::Timeout,
        Self::Protocol,
        Self::TooBig,
        Self::Policy,
        Self::Overload,
        Self::Trap,
        Self::Restart,
        Self::Shutdown,
    ];

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

    /// The name that the contract has for it. Metrics have the same.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Guest => "guest",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::TooBig => "too-big",
            Self::Policy => "policy",
            Self::Overload => "overload",
            Self::Trap => "trap",
            Self::Restart => "restart",
            Self::Shutdown => "shutdown",
        }
    }
}

impl fmt::Display for CloseCause {
    /// Its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Violation> for CloseCause {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::TooBig { .. } => Self::TooBig,
            _ => Self::Protocol,
        }
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

    /// The host ends, and its time for close frames is over.
    pub fn cut_off() -> Self {
        Self { cause: CloseCause::Shutdown, ..Self::lost() }
    }

    /// The client did not answer in time, and was not asked to leave since it would not have listened.
    pub fn timeout() -> Self {
        Self { cause: CloseCause::Timeout, ..Self::lost() }
    }

    /// The client broke this rule; the reason tells it which one.
    pub fn violation(violation: Violation) -> Self {
        Self::sent(violation.into(), violation.code(), violation.to_string())
    }

    /// The client broke this rule of the protocol of sessions (1002).
    pub fn breach(breach: Breach) -> Self {
        Self::host(CloseCause::Protocol, breach.to_string())
    }

    /// Another line has taken the place of this one (1001).
    pub fn replaced() -> Self {
        Self::host(CloseCause::Shutdown, ByteString::from_static("another connection has taken the place of this one"))
    }

    /// The client has come back too late to a room that admits no new ones (1013).
    pub fn not_admitted() -> Self {
        Self::host(CloseCause::Overload, ByteString::from_static("the room admits no new clients for now"))
    }

    /// The client sent more messages than the rate limit allows (1008).
    pub fn too_fast() -> Self {
        Self::host(CloseCause::Policy, ByteString::from_static("more messages than the rate limit allows"))
    }

    /// The host shuts down (1001).
    pub fn shutdown() -> Self {
        Self::host(CloseCause::Shutdown, ByteString::from_static("the server shuts down"))
    }

    /// Another process takes the host's place (1012).
    pub fn restart() -> Self {
        Self::host(CloseCause::Restart, ByteString::from_static("the server restarts"))
    }

    /// The owner disconnects the client, and the host goes on (1001: of the codes for the wire, the one for an end that is
    /// nobody's mistake and that the client may follow with a new connection).
    pub fn disconnected() -> Self {
        Self::host(CloseCause::Shutdown, ByteString::from_static("the server disconnects its clients"))
    }

    /// The owner disconnects the client with this code, which `may_send` allows, and this reason.
    pub fn owner(code: u16, reason: &str) -> Self {
        Self::sent(CloseCause::Shutdown, code, ByteString::from(reason))
    }

    /// The host could not store what the room has done, and the room starts anew (1011).
    pub fn failed() -> Self {
        Self::host(CloseCause::Trap, ByteString::from_static("the server could not store its state"))
    }

    /// The host failed in the room, which starts anew (1011).
    pub fn room_failed() -> Self {
        Self::host(CloseCause::Trap, ByteString::from_static("the server failed in this room"))
    }

    /// The handler trapped on an input of this client (1011).
    pub fn trap() -> Self {
        Self::host(CloseCause::Trap, ByteString::from_static("the application failed"))
    }

    /// The client reads too slowly: its outbox is full (1013).
    pub fn reads_too_slowly() -> Self {
        Self::host(CloseCause::Overload, ByteString::from_static("too much waits to be read"))
    }

    /// The server holds too much for its clients, and this client has a large part in that (1013).
    pub fn holds_too_much() -> Self {
        Self::host(CloseCause::Overload, ByteString::from_static("the server holds too much for its clients"))
    }

    /// The room filled up between the decision to let the client in and its arrival (1013).
    pub fn room_full() -> Self {
        Self::host(CloseCause::Overload, ByteString::from_static("the room is full"))
    }

    /// The circuit of the client's room is open (1013).
    pub fn keeps_failing() -> Self {
        Self::host(CloseCause::Overload, ByteString::from_static("the application keeps failing"))
    }

    /// The app keeps failing on clients of this client's address (1013).
    pub fn fails_on_address() -> Self {
        Self::host(CloseCause::Overload, ByteString::from_static("the application keeps failing on clients of this address"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn info(code: u16, reason: &'static str, clean: bool, cause: CloseCause) -> CloseInfo {
        CloseInfo { code, reason: ByteString::from_static(reason), clean, cause }
    }

    #[test]
    fn the_table_of_codes() {
        for (cause, code) in [
            (CloseCause::Client, None),
            (CloseCause::Guest, None),
            (CloseCause::Shutdown, Some(1001)),
            (CloseCause::Protocol, Some(1002)),
            (CloseCause::Lost, Some(1006)),
            (CloseCause::Timeout, Some(1006)),
            (CloseCause::Policy, Some(1008)),
            (CloseCause::TooBig, Some(1009)),
            (CloseCause::Trap, Some(1011)),
            (CloseCause::Restart, Some(1012)),
            (CloseCause::Overload, Some(1013)),
        ] {
            assert_eq!(cause.code(), code, "{cause:?}");
        }
    }

    #[test]
    fn a_client_that_closes_is_reported_with_its_own_words() {
        let frame = CloseFrame { code: 4000, reason: "done".into() };
        assert_eq!(CloseInfo::client(Some(frame)), info(4000, "done", true, CloseCause::Client));
        assert_eq!(CloseInfo::client(None), info(1005, "", true, CloseCause::Client));
    }

    #[test]
    fn an_end_without_a_close_frame_is_not_clean() {
        assert_eq!(CloseInfo::lost(), info(1006, "", false, CloseCause::Lost));
        assert_eq!(CloseInfo::timeout(), info(1006, "", false, CloseCause::Timeout));
        assert_eq!(CloseInfo::cut_off(), info(1006, "", false, CloseCause::Shutdown));
    }

    #[test]
    fn an_end_that_the_host_decides_has_the_code_of_its_cause() {
        for (info, code) in [
            (CloseInfo::shutdown(), 1001),
            (CloseInfo::restart(), 1012),
            (CloseInfo::too_fast(), 1008),
            (CloseInfo::trap(), 1011),
            (CloseInfo::failed(), 1011),
            (CloseInfo::disconnected(), 1001),
            (CloseInfo::reads_too_slowly(), 1013),
            (CloseInfo::holds_too_much(), 1013),
            (CloseInfo::room_full(), 1013),
            (CloseInfo::keeps_failing(), 1013),
            (CloseInfo::fails_on_address(), 1013),
        ] {
            assert_eq!((info.code, info.cause.code(), info.clean), (code, Some(code), true));
            assert!(!info.reason.is_empty());
        }
    }

    #[test]
    fn a_violation_is_told_to_the_client() {
        let told = CloseInfo::violation(Violation::InvalidText);
        assert_eq!((told.code, told.clean, told.cause), (1007, true, CloseCause::Protocol));
        assert_eq!(told.reason, Violation::InvalidText.to_string());
    }

    #[test]
    fn the_guest_brings_its_own_code() {
        assert_eq!(CloseInfo::guest(4001, "kicked"), info(4001, "kicked", true, CloseCause::Guest));
    }

    #[test]
    fn a_violation_has_a_cause() {
        assert_eq!(CloseCause::from(Violation::TooBig { size: 2, limit: 1 }), CloseCause::TooBig);
        assert_eq!(CloseCause::from(Violation::InvalidText), CloseCause::Protocol);
        assert_eq!(CloseCause::from(Violation::Unmasked), CloseCause::Protocol);
    }

    #[test]
    fn a_reason_that_is_too_long_is_cut_between_characters() {
        assert_eq!(CloseInfo::guest(1000, "é".repeat(62)).reason, "é".repeat(61));
    }
}
