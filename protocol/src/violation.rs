//! The rules of RFC 6455 that the other side can break.

/// A broken rule, each with the section that states it. The connection ends with [`Violation::code`].
///
/// The message of each is short enough to be the reason in a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A frame of a client without a mask.
    #[error("a client must mask its frames (RFC 6455 §5.1)")]
    Unmasked,
    /// A frame of a server with a mask.
    #[error("a server must not mask its frames (RFC 6455 §5.1)")]
    Masked,
    /// A reserved bit is set, though no extension that gives it a meaning was agreed on.
    #[error("a reserved bit is set without an extension (RFC 6455 §5.2)")]
    ReservedBits,
    /// The bit for compressed messages is set on a frame that is not the first of a message.
    #[error("only a message's first frame can say that it is compressed (RFC 7692 §6)")]
    MisplacedCompression,
    /// A compressed message that cannot be inflated, or breaks off.
    #[error("a compressed message cannot be inflated (RFC 7692 §7.2.2)")]
    BrokenCompression,
    /// An opcode that has no meaning yet: 3 to 7, or 11 to 15.
    #[error("the opcode {0} is reserved (RFC 6455 §5.2)")]
    ReservedOpcode(u8),
    /// A close, ping or pong without the final bit.
    #[error("a control frame must not be fragmented (RFC 6455 §5.5)")]
    FragmentedControl,
    /// A close, ping or pong that announces more bytes than it may have.
    #[error("a control frame announces {0} bytes, more than 125 (RFC 6455 §5.5)")]
    ControlTooLong(u64),
    /// A continuation frame, while no message waits for one.
    #[error("a continuation frame has no message to continue (RFC 6455 §5.4)")]
    UnexpectedContinuation,
    /// A text or binary frame, while another message is incomplete.
    #[error("a new message begins inside a fragmented one (RFC 6455 §5.4)")]
    InterleavedMessage,
    /// A close frame whose payload is a single byte: neither empty nor a whole code.
    #[error("a close frame has half a close code (RFC 6455 §5.5.1)")]
    HalfCloseCode,
    /// A close code that an endpoint must not send.
    #[error("the close code {0} must not be sent (RFC 6455 §7.4)")]
    InvalidCloseCode(u16),
    /// A text message that is not UTF-8.
    #[error("a text message is not valid UTF-8 (RFC 6455 §8.1)")]
    InvalidText,
    /// A reason in a close frame that is not UTF-8.
    #[error("a close reason is not valid UTF-8 (RFC 6455 §5.5.1)")]
    InvalidCloseReason,
    /// A message that is larger than the limit, by the lengths in its headers or by the bytes that were inflated so far.
    #[error("a message of {size} bytes exceeds the limit of {limit} (RFC 6455 §7.4.1)")]
    TooBig {
        /// Its size in bytes as far as it is known.
        size: u64,
        /// The largest accepted message in bytes.
        limit: usize,
    },
}

impl Violation {
    /// The close code that answers it (RFC 6455 §7.4.1): 1002, 1007 or 1009.
    pub fn code(self) -> u16 {
        match self {
            // The one cause with two codes: data that does not fit its message's type is told apart.
            Self::InvalidText | Self::InvalidCloseReason => 1007,
            Self::TooBig { .. } => 1009,
            _ => 1002,
        }
    }
}
