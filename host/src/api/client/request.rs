//! A request to a running server.

use std::time::Duration;

use axum::http::Method;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// Letters, digits and `-._~` stand for themselves in a path and a query (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to a running server.
///
/// ```no_run
/// # use std::path::Path;
/// use ws_host::api::{Request, Status};
///
/// let status: Status = Request::get(["status"]).ask(Path::new("/run/ws-host/admin.sock"))?;
/// # Ok::<(), ws_host::api::Failure>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Request {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) content: Option<(&'static str, Bytes)>,
    pub(super) within: Option<Duration>,
}

impl Request {
    /// Asks for what is at these parts of a path below `/v1`: `["rooms", name]`. The parts may have any letters.
    pub fn get<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::at(Method::GET, "/v1", path)
    }

    /// Has something done there.
    pub fn post<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::at(Method::POST, "/v1", path)
    }

    /// Sets what is there.
    pub fn put<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::at(Method::PUT, "/v1", path)
    }

    /// Removes what is there.
    pub fn delete<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::at(Method::DELETE, "/v1", path)
    }

    /// Has something done that is between servers.
    pub(in crate::api) fn internal<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::at(Method::POST, "", path)
    }

    /// Adds to the query.
    // By value, so that a caller need not borrow a number.
    #[allow(clippy::needless_pass_by_value)]
    pub fn query(mut self, key: &str, value: impl ToString) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        for part in [key, "=", &value.to_string()] {
            if part == "=" { self.target.push('=') } else { self.target.extend(utf8_percent_encode(part, RESERVED)) }
        }
        self
    }

    /// Sends this value as the body, in JSON. A value that JSON cannot express is sent as an empty body.
    pub fn json(self, body: &impl Serialize) -> Self {
        self.body("application/json", serde_json::to_vec(body).unwrap_or_default())
    }

    /// Sends a body of this media type.
    pub fn body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.content = Some((media_type, body.into()));
        self
    }

    /// Waits at most this long for the answer.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    fn at<'a>(method: Method, base: &str, path: impl IntoIterator<Item = &'a str>) -> Self {
        let mut target = base.to_owned();
        for part in path {
            target.push('/');
            target.extend(utf8_percent_encode(part, RESERVED));
        }
        Self { method, target, content: None, within: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rooms_are_one_part_of_the_path_each() {
        let request = Request::get(["rooms", "/chat/caf%C3%A9?", "clients"]).query("after", "a&b=c").query("limit", 7);
        assert_eq!(request.target, "/v1/rooms/%2Fchat%2Fcaf%25C3%25A9%3F/clients?after=a%26b%3Dc&limit=7");
    }
}
