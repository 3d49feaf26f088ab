//! Why an answer was not accepted.

/// Why a call of `Room::respond` and its like was refused. Nothing of it is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RespondError {
    /// No request of this room has that id.
    #[error("no request of this room has that id")]
    NoSuchRequest,
    /// The answer has begun already, or has not begun.
    #[error("the call comes in the wrong order")]
    WrongOrder,
    /// The status or a header is not allowed.
    #[error("{0}")]
    Invalid(String),
    /// The body is larger than it may be.
    #[error("the body is larger than the limit for one answer or chunk")]
    TooBig,
    /// This handler has staged as much as one handler may.
    #[error("this handler has staged as much as one handler may")]
    Limit,
}
