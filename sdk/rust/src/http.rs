//! Requests to HTTP servers.
//!
//! No handler waits for an answer: it calls [`fetch`] and returns, and the answer comes to [`Responses`](crate::Responses). A task awaits
//! its answers instead: see [`task`](crate::task). The request starts when the handler has returned; a handler that panics has asked
//! nobody. The host must allow the server (`ws-host run --allow-http api.example.com`).
//!
//! ```no_run
//! use ws_guest::http::{self, BodyPart, Failure, FetchId, Response};
//! use ws_guest::{App, ClientId, Message, Responses, send};
//!
//! #[derive(Default)]
//! struct Weather;
//!
//! ws_guest::export!(Weather: Responses);
//!
//! impl App for Weather {
//!     fn on_message(&mut self, from: ClientId, _: Message) {
//!         let request = http::Request::get("https://api.example.com/weather").header("accept", "application/json");
//!         // The context comes back with the answer: it says who has asked.
//!         if let Err(error) = http::fetch(&request, from.to_le_bytes()) {
//!             send(from, error.to_string()).ok();
//!         }
//!     }
//! }
//!
//! impl Responses for Weather {
//!     fn on_response(&mut self, _: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
//!         let from = ClientId::from_le_bytes(context.try_into().expect("eight bytes"));
//!         match outcome {
//!             Ok(response) => send(from, response.text()).ok(),
//!             Err(failure) => send(from, failure.detail).ok(),
//!         };
//!     }
//! }
//! ```

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

pub use crate::bindings::responses::ws_host::server::http::{BodyPart, Failure, FailureCause, FetchError, FetchId, Response};

#[cfg(target_family = "wasm")]
use crate::bindings::responses::ws_host::server::http as host;
#[cfg(not(target_family = "wasm"))]
use crate::fake::http as host;

use crate::clients::find_header;

/// A request to an HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The absolute URL, `http` or `https`.
    pub url: String,
    /// The headers. Those of the connection, such as `host` and `content-length`, are the host's.
    pub headers: Vec<(String, String)>,
    /// The body, by default at most 4 MiB.
    pub body: Option<Vec<u8>>,
    /// Whether the body of the answer comes in pieces, as it arrives: [`Responses::on_body`](crate::Responses::on_body).
    pub stream: bool,
    /// The most time for the answer. The host's own limit (by default 30 s) holds in any case.
    pub timeout: Option<Duration>,
}

impl Request {
    /// A request with any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self { method: method.into(), url: url.into(), headers: Vec::new(), body: None, stream: false, timeout: None }
    }

    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A `POST` with a body.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new("POST", url) }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with the body of the answer in pieces, as it arrives.
    #[must_use]
    pub fn stream(self) -> Self {
        Self { stream: true, ..self }
    }

    /// The same with a time for the answer.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}

impl From<&str> for Request {
    /// A `GET` of this URL.
    fn from(url: &str) -> Self {
        Self::get(url)
    }
}

impl From<String> for Request {
    /// A `GET` of this URL.
    fn from(url: String) -> Self {
        Self::get(url)
    }
}

/// Why a request that a task awaits has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The host has not accepted it, and nothing was sent.
    Refused(FetchError),
    /// It was accepted, and failed.
    Failed(Failure),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(FetchError::Invalid(why) | FetchError::Denied(why) | FetchError::TooBig(why)) => why,
            Self::Refused(FetchError::Limit) => "this event has as many effects as one may have",
            Self::Refused(FetchError::RoomFull) => "the room has as many requests as it may have at a time",
            Self::Refused(FetchError::TotalFull) => "the host has as many requests as it may have at a time",
            Self::Failed(failure) => &failure.detail,
        })
    }
}

impl std::error::Error for Error {}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Response {
    /// Returns the value of the first header with this name. The case of `name` does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The body as text. Bytes that are not UTF-8 are replaced. Empty if the answer is streamed.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.body.as_deref().unwrap_or_default())
    }
}

/// Sends a request when the handler has returned. [`Responses::on_response`](crate::Responses::on_response) follows once, with up to
/// 64 KiB of context. The request belongs to the host, and outlives a swap and a panic of the application.
///
/// # Errors
/// Nothing is sent: the request is invalid or too big, the host does not allow its server, or there are as many requests as there may be.
pub fn fetch(request: &Request, context: impl AsRef<[u8]>) -> Result<FetchId, FetchError> {
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let timeout_us = request.timeout.map(|timeout| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX));
    let request = host::Request {
        method: &request.method,
        url: &request.url,
        headers: &headers,
        body: request.body.as_deref(),
        stream: request.stream,
        timeout_us,
    };
    host::fetch(request, context.as_ref())
}

/// Gives a request up: nothing of it follows this handler. It is no error if its answer has come or it never existed.
pub fn cancel(id: FetchId) {
    host::cancel(id);
}
