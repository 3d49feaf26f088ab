//! Refusals of the API, as problem details (RFC 9457).

use std::fmt;

use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::log::printable;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal of the API (RFC 9457). Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem, for programs: a word that stays the same, such as `no-such-room`.
    pub code: String,
    /// The event, its object and the remedy, in one line.
    pub detail: String,
    /// In how many seconds to try again.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl AsRef<str>) -> Self {
        let detail = printable(detail.as_ref()).into_owned();
        Self { title: title.to_owned(), status: status.as_u16(), code: code.to_owned(), detail, retry_after: None }
    }

    /// The request is wrong in itself.
    pub fn bad_request(detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request", detail)
    }

    /// There is no token, or a wrong one.
    pub fn unauthorized() -> Self {
        let detail = "this takes a valid token: send `Authorization: Bearer TOKEN`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized", detail)
    }

    /// The caller lacks the right.
    pub fn forbidden(detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", detail)
    }

    /// Nothing has this name: a room, a client, a user.
    pub fn no_such(code: &str, title: &str, detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title, detail)
    }

    /// The state of the server does not allow it.
    pub fn conflict(code: &str, title: &str, detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// The body is longer than this many bytes.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body has more than the {limit} bytes that it may have here");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    /// The body has not come in time: only this many bytes of it.
    pub fn too_slow(bytes: usize) -> Self {
        let detail = format!("the body comes too slowly: {bytes} bytes have come");
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow", detail)
    }

    /// The body is of a type that is not taken here.
    pub fn unsupported_media_type(detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type", detail)
    }

    /// The server cannot do it now.
    pub fn unavailable(code: &str, title: &str, detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail)
    }

    /// The same, to be tried again in this many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NoSuchClient(_) => Self::no_such("no-such-client", "No such client", detail),
            Error::NoSuchRoom(_) => Self::no_such("no-such-room", "No such room", detail),
            Error::NoSuchUser(_) => Self::no_such("no-such-user", "No such user", detail),
            Error::NoEvents(_) => Self::conflict("no-events", "No events", detail),
            Error::CloseCode(_) | Error::CloseReason(_) => Self::bad_request(detail),
            Error::RoomFull | Error::EventsFull | Error::TooManyRooms(_) => {
                Self::unavailable("full", "Full", detail).retry_after(1)
            }
            Error::MessageTooBig { limit, .. } => Self::too_large(limit),
            Error::NoAnswer(_) | Error::Cluster(_) => Self::unavailable("no-answer", "No answer", detail).retry_after(2),
            Error::Busy(_) => Self::unavailable("busy", "Busy", detail).retry_after(1),
            Error::Stopped => Self::unavailable("stopping", "Stopping", detail),
            Error::NotAComponent => Self::conflict("not-a-component", "Not a component", detail),
            Error::NothingToGoBackTo => Self::conflict("nothing-before", "Nothing to go back to", detail),
            Error::NoHandover { .. } => Self::conflict("no-handover", "No handover", detail),
            Error::Data(_) | Error::System { .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed", detail)
            }
            _ => Self::conflict("refused", "Refused", detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // It has texts and a number, which are JSON.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let mut add = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3
            add(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ws-host\""));
        }
        if let Some(seconds) = self.retry_after {
            add(RETRY_AFTER, seconds.into());
        }
        response
    }
}
