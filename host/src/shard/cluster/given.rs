//! The outputs of a room on their way from the owner to an edge.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use hyper::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::told::End;
use super::wire::{self, Malformed};
use crate::app::upgrade::{Acceptance, Decision, Refusal};
use crate::close::CloseInfo;
use crate::requests::{CheckedHead, HostAnswer};

const TEXT: u8 = b't';
const BINARY: u8 = b'b';
const TEXT_TO_ALL: u8 = b'T';
const BINARY_TO_ALL: u8 = b'B';
const OTHER: u8 = b'.';

/// An output of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A message for the receivers that the output names.
    Message {
        /// Whether it is text.
        is_text: bool,
        /// Its content.
        payload: Bytes,
    },
    /// A message for all members of the edge.
    ToAll {
        /// The receivers.
        to: All,
        /// Whether it is text.
        is_text: bool,
        /// Its content.
        payload: Bytes,
    },
    /// Something else.
    Other(Other),
}

/// The members of an edge at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct All {
    /// The join number of the last one. Members with a higher one joined later.
    pub joined_by: u64,
    /// Members that get nothing, sorted.
    pub except: Vec<u64>,
}

/// An output that is no message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Other {
    /// Close the receivers.
    Close(End),
    /// Reply to their close frames.
    Reply(End),
    /// The decision about the upgrade request that the edge knows by this number.
    Decide(u64, Verdict),
    /// A part of the answer to the plain HTTP request that the edge knows by this number.
    Respond(u64, Part),
}

/// A decision about an upgrade request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Let it in.
    Accept {
        /// The subprotocol.
        subprotocol: Option<String>,
        /// The user.
        user: Option<String>,
        /// More headers.
        headers: Vec<(String, String)>,
        /// The attachment.
        attachment: Vec<u8>,
    },
    /// Answer with an HTTP response.
    Refuse {
        /// Its status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Vec<u8>,
    },
    /// Accept it and close it at once.
    Close(u16, String),
}

/// A part of the answer to a plain HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// All of it.
    Whole(Headers, Vec<u8>),
    /// The head, which a body follows.
    Begin(Headers),
    /// The next bytes of the body.
    Chunk(Vec<u8>),
    /// The end.
    End,
    /// The app gives the answer up.
    Abort,
    /// The host answers in place of the app.
    Refused(Refused),
    /// The app takes no requests: the other endpoints of the edge answer.
    Passed,
}

/// Status and headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
}

/// The host's own answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// [`HostAnswer::Failed`].
    Failed,
    /// [`HostAnswer::Unavailable`].
    Unavailable,
    /// [`HostAnswer::Late`].
    Late,
}

impl Given {
    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Message { is_text, payload } => wire::tagged(if *is_text { TEXT } else { BINARY }, payload),
            Self::ToAll { to, is_text, payload } => to_all(to, *is_text, payload),
            Self::Other(other) => wire::tagged(OTHER, &wire::encode(other)),
        }
    }

    /// Reads its bytes.
    pub fn decode(mut bytes: Bytes) -> Result<Self, Malformed> {
        let tag = *bytes.first().ok_or(Malformed)?;
        bytes.advance(1);
        match tag {
            TEXT | BINARY => Ok(Self::Message { is_text: tag == TEXT, payload: bytes }),
            TEXT_TO_ALL | BINARY_TO_ALL => {
                let length = bytes.try_get_u32_le().map_err(|_| Malformed)? as usize;
                if length > bytes.len() {
                    return Err(Malformed);
                }
                let to = wire::decode(&bytes.split_to(length))?;
                Ok(Self::ToAll { to, is_text: tag == TEXT_TO_ALL, payload: bytes })
            }
            OTHER => Ok(Self::Other(wire::decode(&bytes)?)),
            _ => Err(Malformed),
        }
    }
}

/// A message for all, without a copy of its content in between.
pub fn to_all(to: &All, is_text: bool, payload: &[u8]) -> Bytes {
    let receivers = wire::encode(to);
    let mut bytes = BytesMut::with_capacity(5 + receivers.len() + payload.len());
    bytes.put_u8(if is_text { TEXT_TO_ALL } else { BINARY_TO_ALL });
    bytes.put_u32_le(u32::try_from(receivers.len()).expect("a turn's lists of clients take 64 MiB at most"));
    bytes.extend_from_slice(&receivers);
    bytes.extend_from_slice(payload);
    bytes.freeze()
}

/// A message for some receivers.
pub fn to_some(is_text: bool, payload: &[u8]) -> Bytes {
    wire::tagged(if is_text { TEXT } else { BINARY }, payload)
}

impl Other {
    /// Close the receivers.
    pub fn close(info: &CloseInfo) -> Self {
        Self::Close(info.into())
    }

    /// Reply to their close frames.
    pub fn reply(info: &CloseInfo) -> Self {
        Self::Reply(info.into())
    }

    /// Its bytes.
    pub fn encode(self) -> Bytes {
        Given::Other(self).encode()
    }
}

impl From<&Decision> for Verdict {
    fn from(decision: &Decision) -> Self {
        match decision.clone() {
            Decision::Accept(Acceptance { subprotocol, user, headers, attachment }) => Self::Accept {
                subprotocol: subprotocol.map(|name| name.to_string()),
                user: user.map(|name| name.to_string()),
                headers,
                attachment: attachment.to_vec(),
            },
            Decision::Refuse(Refusal { status, headers, body }) => Self::Refuse { status, headers, body: body.to_vec() },
            Decision::Close(code, reason) => Self::Close(code, reason.to_string()),
        }
    }
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accept { subprotocol, user, headers, attachment } => Self::Accept(Acceptance {
                subprotocol: subprotocol.map(Into::into),
                user: user.map(Into::into),
                headers,
                attachment: attachment.into(),
            }),
            Verdict::Refuse { status, headers, body } => Self::Refuse(Refusal { status, headers, body: body.into() }),
            Verdict::Close(code, reason) => Self::Close(code, reason.into()),
        }
    }
}

impl From<&CheckedHead> for Headers {
    fn from(CheckedHead { status, headers }: &CheckedHead) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        Self { status: status.as_u16(), headers: headers.collect() }
    }
}

impl TryFrom<Headers> for CheckedHead {
    type Error = Malformed;

    fn try_from(Headers { status, headers: pairs }: Headers) -> Result<Self, Malformed> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Malformed)?;
            headers.append(name, HeaderValue::from_bytes(&value).map_err(|_| Malformed)?);
        }
        Ok(Self { status: StatusCode::from_u16(status).map_err(|_| Malformed)?, headers })
    }
}

impl From<HostAnswer> for Refused {
    fn from(answer: HostAnswer) -> Self {
        match answer {
            HostAnswer::Failed => Self::Failed,
            HostAnswer::Unavailable => Self::Unavailable,
            HostAnswer::Late => Self::Late,
        }
    }
}

impl From<Refused> for HostAnswer {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Failed => Self::Failed,
            Refused::Unavailable => Self::Unavailable,
            Refused::Late => Self::Late,
        }
    }
}
