//! The rules of the opening handshake (RFC 6455 §4.2.1), as a function of the request.

use hyper::http::{HeaderMap, Method, StatusCode, Version, header, request::Parts};

use super::authority::Authority;
use crate::protocol;
use crate::refusal::Reason;

/// Why a request is refused, as an HTTP reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason for metrics. `None` if it is counted already.
    pub reason: Option<Reason>,
    /// The status.
    pub status: StatusCode,
    /// One line that says why.
    pub text: String,
}

impl Refusal {
    /// The request is wrong: a refusal with this status and line.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { reason: Some(Reason::Request), status, text: text.into() }
    }

    /// A client is refused for a reason, which has its status.
    pub fn of(reason: Reason, text: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { reason: Some(reason), status, text: text.into() }
    }

    /// A limit on connections is reached: the address's, or the server's.
    pub fn too_many(reason: Reason) -> Self {
        let whose = if reason == Reason::Address { "from this address" } else { "to this server" };
        Self::of(reason, format!("there are too many connections {whose}"))
    }
}

/// Whether a request asks for an upgrade to WebSocket.
pub fn is_wanted(request: &Parts) -> bool {
    has_token(&request.headers, header::UPGRADE, "websocket") || request.headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Checks an upgrade request, and returns the value of `Sec-WebSocket-Accept`.
///
/// # Errors
/// The rule that the request breaks, with status 405, 505, 426 or 400.
pub fn accept_key(request: &Parts) -> Result<String, Refusal> {
    let bad = |text: &str| Refusal::new(StatusCode::BAD_REQUEST, text);
    if request.method != Method::GET {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "a WebSocket upgrade is a GET (RFC 6455 §4.1)"));
    }
    if request.version < Version::HTTP_11 {
        return Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "a WebSocket upgrade needs HTTP/1.1 (RFC 6455 §4.1)"));
    }
    check_target(request)?;
    one(&request.headers, &header::ORIGIN)?;
    if has_body(&request.headers) {
        // A proxy would read a body where this server reads frames, and one client could speak in the name of another.
        return Err(bad("a WebSocket upgrade has no body (RFC 9112 §6.3)"));
    }
    if !has_token(&request.headers, header::UPGRADE, "websocket") {
        return Err(bad("the Upgrade header must name websocket (RFC 6455 §4.2.1)"));
    }
    if !has_token(&request.headers, header::CONNECTION, "upgrade") {
        return Err(bad("the Connection header must name Upgrade (RFC 6455 §4.2.1); a proxy in between may have dropped it"));
    }
    match one(&request.headers, &header::SEC_WEBSOCKET_VERSION)? {
        Some("13") => {}
        _ => return Err(Refusal::new(StatusCode::UPGRADE_REQUIRED, "only version 13 of the protocol is spoken (RFC 6455 §4.4)")),
    }
    let key = one(&request.headers, &header::SEC_WEBSOCKET_KEY)?.ok_or_else(|| bad("the Sec-WebSocket-Key header is missing"))?;
    if !is_key(key) {
        return Err(bad("Sec-WebSocket-Key must be 16 bytes in base64 (RFC 6455 §4.2.1)"));
    }
    Ok(protocol::accept_key(key))
}

/// Checks that the target is a path, of the host that the header names. A proxy and this server must not see different hosts.
///
/// # Errors
/// 400: it is another.
pub fn check_target(request: &Parts) -> Result<(), Refusal> {
    let bad = |text: &str| Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    if !request.uri.path().starts_with('/') {
        return bad("the request's target must be a path (RFC 9112 §3.2)");
    }
    let Some(target) = request.uri.authority() else { return Ok(()) };
    let named = one(&request.headers, &header::HOST)?.and_then(Authority::parse);
    let scheme = request.uri.scheme_str().unwrap_or_default();
    match (Authority::parse(target.as_str()), named) {
        (Some(target), Some(named)) if target.equals(&named, scheme) => Ok(()),
        _ => bad("the request's target and the Host header name different hosts (RFC 9112 §3.2)"),
    }
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) || headers.get_all(header::CONTENT_LENGTH).into_iter().any(|len| len != "0")
}

/// The subprotocols that the client offers, in its order. The header may come several times (RFC 6455 §11.3.4).
pub fn subprotocols(headers: &HeaderMap) -> Vec<String> {
    tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect()
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

fn tokens(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

/// The value of a header that may come once.
pub fn one<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next().and_then(|value| value.to_str().ok()).map(str::trim);
    if values.next().is_some() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, format!("the header {name} comes more than once (RFC 9110 §5.3)")));
    }
    Ok(first)
}

/// Whether it is 16 bytes in base64: 22 characters and two padding signs.
fn is_key(key: &str) -> bool {
    key.len() == 24
        && key.ends_with("==")
        && key.bytes().take(22).all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example request of RFC 6455 §1.3, with changes: `("Name", None)` takes a header out, `Some` sets it.
    fn request(changes: &[(&str, Option<&str>)]) -> Parts {
        let mut headers = vec![
            ("Host", "server.example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        for (name, value) in changes {
            headers.retain(|(header, _)| header != name);
            headers.extend(value.map(|value| (*name, value)));
        }
        let builder =
            headers.iter().fold(hyper::Request::builder().uri("/chat"), |builder, (name, value)| builder.header(*name, *value));
        builder.body(()).expect("the test's request is valid").into_parts().0
    }

    fn status(changes: &[(&str, Option<&str>)]) -> u16 {
        accept_key(&request(changes)).expect_err("the request breaks a rule").status.as_u16()
    }

    #[test]
    fn the_example_of_the_standard_gives_the_answer_of_the_standard() {
        assert_eq!(accept_key(&request(&[])).as_deref(), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn header_values_are_lists_of_tokens_in_any_case() {
        let request = request(&[("Connection", Some("keep-alive, upgrade")), ("Upgrade", Some("h2c, WebSocket"))]);
        assert!(accept_key(&request).is_ok());
    }

    #[test]
    fn each_missing_or_wrong_header_is_a_bad_request() {
        for name in ["Connection", "Upgrade", "Sec-WebSocket-Key"] {
            assert_eq!(status(&[(name, None)]), 400, "{name}");
        }
        for key in ["", "short==", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZSE=", "d?hlIHNhbXBsZSBub25jZQ=="] {
            assert_eq!(status(&[("Sec-WebSocket-Key", Some(key))]), 400, "{key}");
        }
    }

    #[test]
    fn another_version_is_answered_with_upgrade_required() {
        assert_eq!(status(&[("Sec-WebSocket-Version", Some("8"))]), 426);
        assert_eq!(status(&[("Sec-WebSocket-Version", None)]), 426);
    }

    #[test]
    fn a_key_that_comes_twice_is_a_bad_request() {
        let mut twice = request(&[]);
        let key = twice.headers[header::SEC_WEBSOCKET_KEY].clone();
        twice.headers.append(header::SEC_WEBSOCKET_KEY, key);
        assert_eq!(accept_key(&twice).expect_err("two keys").status.as_u16(), 400);
    }

    #[test]
    fn the_target_is_a_path_of_the_host_that_the_header_names() {
        let mut request = request(&[]);
        for (target, accepted) in [
            ("/", true),
            ("http://server.example.com/chat", true),
            ("http://SERVER.example.com", true),
            ("http://server.example.com:80/chat", true),
            ("https://server.example.com:80/chat", false),
            ("http://other.example.com/chat", false),
            ("http://user@server.example.com/chat", false),
            ("server.example.com:80", false),
            ("*", false),
        ] {
            request.uri = target.parse().expect("the test's target is one");
            assert_eq!(accept_key(&request).is_ok(), accepted, "{target}");
        }
    }

    #[test]
    fn a_request_with_a_body_is_a_bad_request() {
        for (name, value) in [("Content-Length", "5"), ("Content-Length", "+0"), ("Transfer-Encoding", "chunked")] {
            assert_eq!(status(&[(name, Some(value))]), 400, "{name}: {value}");
        }
        assert!(accept_key(&request(&[("Content-Length", Some("0"))])).is_ok());
    }

    #[test]
    fn another_method_is_not_allowed() {
        let mut post = request(&[]);
        post.method = Method::POST;
        assert_eq!(accept_key(&post).expect_err("a POST").status.as_u16(), 405);
    }

    #[test]
    fn http_1_0_is_not_supported() {
        let mut old = request(&[]);
        old.version = Version::HTTP_10;
        assert_eq!(accept_key(&old).expect_err("HTTP/1.0").status.as_u16(), 505);
    }

    #[test]
    fn subprotocols_come_in_the_order_in_which_they_are_offered() {
        let request = request(&[("Sec-WebSocket-Protocol", Some("chat.v2, chat.v1"))]);
        assert_eq!(subprotocols(&request.headers), ["chat.v2", "chat.v1"]);
    }
}
