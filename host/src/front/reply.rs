//! HTTP answers: the page, refusals, and the 101 that begins a WebSocket.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::http::{HeaderValue, Method, StatusCode, header};

use super::upgrade::Refusal;

/// What every answer is.
pub type Reply = Response<Full<Bytes>>;

/// The chat page, one file without dependencies.
const PAGE: &str = include_str!("../../../client.html");

/// Answers a request that is no upgrade.
pub fn plain(method: &Method, path: &str, page: bool) -> Reply {
    if method != Method::GET && method != Method::HEAD {
        let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
        reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return reply;
    }
    if path != "/" || !page {
        return text(StatusCode::NOT_FOUND, "nothing is here; this is a WebSocket server");
    }
    let mut reply = Response::new(Full::new(Bytes::from_static(PAGE.as_bytes())));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// Says no, in the terms of HTTP.
pub fn refusal(refusal: &Refusal) -> Reply {
    let mut reply = text(refusal.status, &refusal.text);
    let headers = reply.headers_mut();
    match refusal.status {
        StatusCode::UPGRADE_REQUIRED => {
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        _ => {}
    }
    reply
}

/// The end of the opening handshake (RFC 6455 §4.2.2).
pub fn switching(accept_key: &str, subprotocol: Option<&str>) -> Option<Reply> {
    let mut builder = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept_key);
    if let Some(subprotocol) = subprotocol {
        builder = builder.header(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    builder.body(Full::default()).ok()
}

fn text(status: StatusCode, line: &str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(format!("{line}\n"))));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    // One request for each connection that is not upgraded: nothing idle is kept.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    reply
}
