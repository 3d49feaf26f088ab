//! The answer to a request: a response, the pieces of its body, or a failure.

use bytes::Bytes;

use super::memory::Part;

/// The head of an answer, and its body unless that is streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code, 200 or more.
    pub status: u16,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; `None` if it follows in pieces.
    pub body: Option<Bytes>,
}

/// Why a request has no answer, or the rest of a body does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The name stands for no address that the host may connect to. Nothing was sent.
    Denied,
    /// The name does not resolve. Nothing was sent.
    Unresolved,
    /// No connection can be made. Nothing was sent.
    Unreachable,
    /// The certificate is not trusted, or TLS fails otherwise. Nothing was sent.
    Tls,
    /// The answer takes too long.
    Timeout,
    /// The connection ends early, or the server breaks the protocol.
    Broken,
    /// The body or the headers are larger than they may be.
    TooBig,
    /// The process has ended before the answer came, or the room has started over.
    Interrupted,
}

impl Cause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Denied,
        Self::Unresolved,
        Self::Unreachable,
        Self::Tls,
        Self::Timeout,
        Self::Broken,
        Self::TooBig,
        Self::Interrupted,
    ];

    /// The name that the contract has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unresolved => "unresolved",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooBig => "too-big",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The failure of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// The cause, for programs.
    pub cause: Cause,
    /// The details in one line, for people.
    pub detail: String,
}

/// A part of a streamed body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyPart {
    /// The next bytes.
    Piece(Bytes),
    /// The body is complete.
    End,
    /// The rest does not come.
    Failed(Failure),
}

/// One thing that a room is told of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The answer, whole or without its body; or a failure.
    Response(Result<Response, Failure>),
    /// A part of the body.
    Part(BodyPart),
}

/// An answer on its way to its room, with its part of the memory of all bodies.
#[derive(Debug)]
pub struct Told {
    /// The answer.
    pub answer: Answer,
    /// Given back when the room has handled it.
    pub memory: Option<Part>,
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Self::Response(Err(failure))
    }
}

impl From<Answer> for Told {
    fn from(answer: Answer) -> Self {
        Self { answer, memory: None }
    }
}

impl Failure {
    /// The process has ended before the answer came.
    pub(crate) fn interrupted() -> Self {
        Self::new(Cause::Interrupted, "the host has ended before the answer came")
    }

    /// The room has started over, because its journal has failed.
    pub(crate) fn started_over() -> Self {
        Self::new(Cause::Interrupted, "the room has started over before the answer came")
    }

    pub(super) fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }
}

impl Answer {
    /// Whether nothing more follows about the request.
    pub fn is_last(&self) -> bool {
        match self {
            Self::Response(Ok(response)) => response.body.is_some(),
            Self::Response(Err(_)) | Self::Part(BodyPart::End | BodyPart::Failed(_)) => true,
            Self::Part(BodyPart::Piece(_)) => false,
        }
    }

    /// The size of its contents in bytes, as far as a mailbox counts it.
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Response(Ok(response)) => {
                let headers: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
                headers + response.body.as_ref().map_or(0, Bytes::len)
            }
            Self::Part(BodyPart::Piece(piece)) => piece.len(),
            Self::Response(Err(failure)) | Self::Part(BodyPart::Failed(failure)) => failure.detail.len(),
            Self::Part(BodyPart::End) => 0,
        }
    }
}
