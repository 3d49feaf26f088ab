//! HTTP replies: lines of text, refusals, and the 101 that begins a WebSocket.

use bytes::Bytes;
use hyper::Response;
use hyper::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::reply_body::ReplyBody;
use super::upgrade::Refusal;

/// When a client that is refused for lack of capacity may try again.
const RETRY_AFTER_SECONDS: &str = "5";

/// An HTTP reply.
pub type Reply = Response<ReplyBody>;

/// The reply for a refusal.
pub fn refusal(refusal: &Refusal) -> Reply {
    let mut reply = text(refusal.status, &refusal.text);
    let headers = reply.headers_mut();
    match refusal.status {
        StatusCode::UPGRADE_REQUIRED => {
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            // Without this, Upgrade would be a header for the whole way, and proxies would pass it on (RFC 9110 §7.8).
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade, close"));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        status if is_temporary(status) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        _ => {}
    }
    reply
}

/// The reply for a refusal by the gate, whose headers count before those of the host. With an empty body it has the refusal's text.
pub fn by_gate(refused: &Refusal, body: Bytes, headers: HeaderMap) -> Reply {
    let mut reply = refusal(refused);
    if !body.is_empty() {
        *reply.body_mut() = body.into();
    }
    // `extend` replaces the headers of a name by the first new one, and appends the others.
    reply.headers_mut().extend(headers);
    reply
}

/// The same as bytes, for a connection that is refused without a whole request: with 503, 429 or 408.
pub fn plain(refusal: &Refusal) -> String {
    let Refusal { status, text, .. } = refusal;
    let retry = if is_temporary(*status) { format!("retry-after: {RETRY_AFTER_SECONDS}\r\n") } else { String::new() };
    format!(
        "HTTP/1.1 {status}\r\n{retry}content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}\n",
        text.len() + 1
    )
}

/// Whether the client may try the same again.
fn is_temporary(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
}

/// The end of the opening handshake (RFC 6455 §4.2.2).
pub fn switching(accept_key: &str, subprotocol: Option<&str>, extension: Option<&str>) -> Option<Reply> {
    let mut builder = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept_key);
    if let Some(subprotocol) = subprotocol {
        builder = builder.header(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    if let Some(extension) = extension {
        builder = builder.header(header::SEC_WEBSOCKET_EXTENSIONS, extension);
    }
    builder.body(ReplyBody::default()).ok()
}

/// An answer without a body to a client that asks for a server's abilities (RFC 9110 §9.3.7).
pub fn allowed(methods: &'static str) -> Reply {
    let mut reply = Response::new(ReplyBody::default());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    reply.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// The same without the methods, which nobody here knows.
pub fn able() -> Reply {
    let mut reply = allowed("");
    reply.headers_mut().remove(header::ALLOW);
    reply
}

/// A line of text.
pub fn text(status: StatusCode, line: &str) -> Reply {
    let mut reply = Response::new(Bytes::from(format!("{line}\n")).into());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Closes after one reply: only upgraded connections stay open.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    reply
}
