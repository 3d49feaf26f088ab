//! The rules of a gate's decision. An app may break them, so each decision is checked.

use std::fmt;

use hyper::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::app::upgrade::{Acceptance, Decision, Refusal};
use crate::protocol::{MAX_REASON, may_send};
use crate::room::MAX_ATTACHMENT_BYTES;
use crate::types::is_of_connection;

/// The longest name of a user in bytes.
const MAX_USER_BYTES: usize = 256;
/// The most headers of a decision.
const MAX_HEADERS: usize = 64;
/// The most bytes of their names and values.
const MAX_HEADER_BYTES: usize = 8 << 10;
/// The most bytes of a refusal's body.
const MAX_BODY_BYTES: usize = 64 << 10;

/// How a decision breaks the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// The subprotocol was not offered.
    Subprotocol(String),
    /// The user's name has this many bytes.
    User(usize),
    /// The attachment has this many bytes.
    Attachment(usize),
    /// The status may not be used.
    Status(u16),
    /// The body has this many bytes.
    Body(usize),
    /// A header of this name is not allowed, or its value is not.
    Header(String),
    /// There are this many headers, with this many bytes.
    Headers(usize, usize),
    /// The code or the reason may not be sent.
    Close(u16, usize),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subprotocol(name) => write!(f, "the subprotocol {name:?} was not offered"),
            Self::User(bytes) => write!(f, "the user's name has {bytes} bytes; it may have 1 to {MAX_USER_BYTES}"),
            Self::Attachment(bytes) => write!(f, "the attachment has {bytes} bytes, more than {MAX_ATTACHMENT_BYTES}"),
            Self::Status(status) => write!(f, "the status is {status}, not one of 400 to 599"),
            Self::Body(bytes) => write!(f, "the body has {bytes} bytes, more than {MAX_BODY_BYTES}"),
            Self::Header(name) => write!(f, "the header {name:?} is not allowed, or its value is not"),
            Self::Headers(count, bytes) => {
                write!(f, "there are {count} headers of {bytes} bytes; allowed are {MAX_HEADERS} of {MAX_HEADER_BYTES} bytes")
            }
            Self::Close(code, bytes) => {
                write!(f, "it closes with code {code} and a reason of {bytes} bytes (RFC 6455 §5.5, §7.4)")
            }
        }
    }
}

/// Checks a decision about a request that offers these subprotocols. Returns its headers.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(decision: &Decision, offered: &[String]) -> Result<HeaderMap, Mistake> {
    match decision {
        Decision::Accept(Acceptance { subprotocol, user, headers, attachment }) => {
            if let Some(name) = subprotocol.as_ref().filter(|name| !offered.iter().any(|offer| offer == &***name)) {
                return Err(Mistake::Subprotocol(name.to_string()));
            }
            if let Some(bytes) = user.as_ref().map(|user| user.len()).filter(|bytes| !(1..=MAX_USER_BYTES).contains(bytes)) {
                return Err(Mistake::User(bytes));
            }
            if attachment.len() > MAX_ATTACHMENT_BYTES {
                return Err(Mistake::Attachment(attachment.len()));
            }
            checked(headers)
        }
        Decision::Refuse(Refusal { status, headers, body }) => {
            if StatusCode::from_u16(*status).is_err() || !(400..600).contains(status) {
                return Err(Mistake::Status(*status));
            }
            if body.len() > MAX_BODY_BYTES {
                return Err(Mistake::Body(body.len()));
            }
            checked(headers)
        }
        Decision::Close(code, reason) if may_send(*code) && reason.len() <= MAX_REASON => Ok(HeaderMap::new()),
        Decision::Close(code, reason) => Err(Mistake::Close(*code, reason.len())),
    }
}

fn checked(headers: &[(String, String)]) -> Result<HeaderMap, Mistake> {
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Mistake::Headers(headers.len(), bytes));
    }
    let header = |(name, value): &(String, String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !belongs_to_host(name.as_str()))?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    let mut checked = HeaderMap::new();
    for pair in headers {
        let (name, value) = header(pair).ok_or_else(|| Mistake::Header(pair.0.clone()))?;
        checked.append(name, value);
    }
    Ok(checked)
}

fn belongs_to_host(name: &str) -> bool {
    is_of_connection(name) || name.starts_with("sec-websocket-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a decision about a request that offers `chat.v2`.
    fn broken(decision: &Decision) -> Option<Mistake> {
        check(decision, &["chat.v2".to_owned()]).err()
    }

    fn accept(change: impl FnOnce(&mut Acceptance)) -> Option<Mistake> {
        let mut acceptance = Acceptance::default();
        change(&mut acceptance);
        broken(&Decision::Accept(acceptance))
    }

    fn with_header(name: &str, value: &str) -> Option<Mistake> {
        accept(|acceptance| acceptance.headers.push((name.to_owned(), value.to_owned())))
    }

    #[test]
    fn a_decision_keeps_to_what_was_offered_and_to_the_standard() {
        assert_eq!(accept(|_| {}), None);
        assert_eq!(accept(|acceptance| acceptance.subprotocol = Some("chat.v2".into())), None);
        let never_offered = Some(Mistake::Subprotocol("chat.v3".to_owned()));
        assert_eq!(accept(|acceptance| acceptance.subprotocol = Some("chat.v3".into())), never_offered);
        for (status, mistake) in [(400, None), (599, None), (200, Some(Mistake::Status(200))), (600, Some(Mistake::Status(600)))]
        {
            assert_eq!(broken(&Decision::refuse(status)), mistake);
        }
        assert_eq!(broken(&Decision::Close(4000, "later".into())), None);
        assert_eq!(broken(&Decision::Close(1006, "".into())), Some(Mistake::Close(1006, 0)));
        let long = MAX_REASON + 1;
        assert_eq!(broken(&Decision::Close(4000, "x".repeat(long).into())), Some(Mistake::Close(4000, long)));
    }

    #[test]
    fn users_attachments_and_bodies_have_limits() {
        let user = |bytes: usize| accept(|acceptance| acceptance.user = Some("u".repeat(bytes).into()));
        assert_eq!([user(0), user(1), user(256), user(257)], [Some(Mistake::User(0)), None, None, Some(Mistake::User(257))]);
        let attachment = |bytes: usize| accept(|acceptance| acceptance.attachment = vec![0; bytes].into());
        assert_eq!([attachment(16_384), attachment(16_385)], [None, Some(Mistake::Attachment(16_385))]);
        let body =
            |bytes: usize| broken(&Decision::Refuse(Refusal { status: 401, body: vec![0; bytes].into(), ..Refusal::default() }));
        assert_eq!([body(65_536), body(65_537)], [None, Some(Mistake::Body(65_537))]);
    }

    #[test]
    fn headers_that_would_break_the_handshake_are_mistakes() {
        assert_eq!(with_header("set-cookie", "id=1; Path=/"), None);
        let mistakes = [
            ("Connection", "close"),
            ("upgrade", "h2c"),
            ("Sec-WebSocket-Accept", "x"),
            ("sec-websocket-extensions", "x"),
            ("content-length", "5"),
            ("transfer-encoding", "chunked"),
            ("proxy-connection", "close"),
            ("keep-alive", "timeout=5"),
            ("", "x"),
            ("a name", "x"),
            ("a:name", "x"),
            ("x-split", "a\r\nset-cookie: b"),
            ("x-null", "a\0"),
        ];
        for (name, value) in mistakes {
            assert_eq!(with_header(name, value), Some(Mistake::Header(name.to_owned())), "{name}: {value}");
        }
        let many = |count: usize, bytes: usize| {
            accept(|acceptance| acceptance.headers = vec![("x".to_owned(), "v".repeat(bytes)); count])
        };
        assert_eq!([many(64, 1), many(65, 1)], [None, Some(Mistake::Headers(65, 130))]);
        assert_eq!([many(1, 8_191), many(1, 8_192)], [None, Some(Mistake::Headers(1, 8_193))]);
    }

    #[test]
    fn headers_of_one_name_are_all_kept() {
        let headers = vec![("set-cookie".to_owned(), "a=1".to_owned()), ("Set-Cookie".to_owned(), "b=2".to_owned())];
        let headers = check(&Decision::Accept(Acceptance { headers, ..Acceptance::default() }), &[]).expect("they are allowed");
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    }
}
