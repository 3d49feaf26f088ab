//! The rules of the protocol that the other side can break.

/// A rule that the other side has broken. The line is to be closed with 1002 (RFC 6455 §7.4.1), and its session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// A message without the byte in front, or with one that means nothing.
    #[error("a message begins with no known kind")]
    UnknownKind,
    /// A message of the protocol that does not read as one.
    #[error("a message of the session protocol is malformed")]
    Malformed,
    /// A hello of another version.
    #[error("this version of the session protocol is not supported")]
    Version,
    /// A message before hello, or before welcome.
    #[error("a message came before the session was agreed on")]
    TooEarly,
    /// A second hello or welcome on one line.
    #[error("the session was agreed on already")]
    Again,
    /// It has received more messages than were sent, or fewer than it has confirmed before.
    #[error("the number of received messages cannot be right")]
    Count,
}
