//! Arbitrary bytes in place of an upgrade request.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::http::{Method, StatusCode, Version};
use hyper::server::conn::http1;
use hyper::service::service_fn;

use crate::config::Compression;
use crate::front::{extensions, host_header, origin::OriginPolicy, path, reply, upgrade};
use crate::script::{Numbers, Script};
use crate::wire::Wire;

/// The host's default.
const MAX_REQUEST_BYTES: usize = 16 << 10;

/// The outcome of a connection.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// The status of the first answer, if one was sent.
    status: Option<String>,
    /// For a 101: the bytes behind the request.
    behind: Option<Vec<u8>>,
}

/// The first byte of an input chooses how the rest is cut into reads. The rest are the client's bytes.
///
/// # Panics
/// If a request that breaks a rule is upgraded, if the answer depends on the reads, or if a byte behind the request is lost or
/// read twice.
pub fn upgrade_request(data: &[u8]) {
    let mut script = Script::new(data);
    let mut numbers = Numbers::new(script.byte().into());
    let request = script.rest();
    let whole = serve([request]);
    if let Some(behind) = &whole.behind {
        assert!(request.ends_with(behind) && is_head(&request[..request.len() - behind.len()]), "the first frame begins there");
    }
    let mut rest = request;
    let pieces = std::iter::from_fn(|| {
        let (piece, behind) = rest.split_at(rest.len().min(1 + numbers.below(60)));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    });
    let in_pieces = serve(pieces);
    assert_eq!(in_pieces.behind, whole.behind, "in pieces the outcome is the same");
    // An error in an incomplete request is found at once, or when the rest arrives.
    if in_pieces.status.is_some() && whole.status.is_some() {
        assert_eq!(in_pieces.status, whole.status, "in pieces the answer is the same");
    }
}

/// Whether these bytes are exactly the head of one request.
fn is_head(bytes: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    httparse::Request::new(&mut headers).parse(bytes) == Ok(httparse::Status::Complete(bytes.len()))
}

/// Has hyper serve a connection as the front door does, until it would have to wait for more bytes.
fn serve<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let unread = pieces.into_iter().filter(|piece| !piece.is_empty()).map(<[u8]>::to_vec).collect();
    let requests = Rc::new(RefCell::new(Vec::new()));
    let service = service_fn({
        let requests = Rc::clone(&requests);
        move |request: hyper::Request<Incoming>| {
            let (parts, _body) = request.into_parts();
            let (reply, is_upgraded) = answer(&parts);
            requests.borrow_mut().push(is_upgraded);
            ready(Ok::<_, Infallible>(reply))
        }
    });
    let mut http = http1::Builder::new();
    http.auto_date_header(false).max_buf_size(MAX_REQUEST_BYTES);
    let mut connection = http.serve_connection(Wire { unread, written: Vec::new() }, service);
    let woken = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    // The wire wakes no task. Without a wake-up of its own, hyper waits for bytes that never arrive.
    let served = loop {
        woken.0.store(false, Relaxed);
        match connection.poll_without_shutdown(&mut cx) {
            Poll::Ready(_) => break true,
            Poll::Pending if !woken.0.load(Relaxed) => break false,
            Poll::Pending => {}
        }
    };
    let parts = connection.into_parts();
    let wire = parts.io;
    let status = wire.written.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
    let is_first = requests.borrow().first() == Some(&true);
    let behind = is_first.then(|| [&parts.read_buf[..], &wire.unread.into_iter().flatten().collect::<Vec<_>>()].concat());
    assert!(!is_first || served, "an upgrade ends hyper's part");
    Outcome { status: status.map(|status| String::from_utf8_lossy(status).into_owned()), behind }
}

/// Whether hyper wants to be polled again.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// The front door without rooms: the rules of the handshake and of origins, and the negotiation.
fn answer(request: &Parts) -> (reply::Reply, bool) {
    if let Err(refusal) = host_header::check(request) {
        return (reply::refusal(&refusal), false);
    }
    if !upgrade::is_wanted(request) {
        return (reply::text(StatusCode::OK, "a page"), false);
    }
    let key = match upgrade::accept_key(request) {
        Ok(key) => key,
        Err(refusal) => {
            assert!(refusal.status.is_client_error() || refusal.status == StatusCode::HTTP_VERSION_NOT_SUPPORTED);
            return (reply::refusal(&refusal), false);
        }
    };
    keeps_rules(request, &key);
    let normal = path::normal(request.uri.path());
    assert!(normal.starts_with('/') && normal.is_ascii(), "a path stays a path");
    assert_eq!(path::normal(&normal), normal, "its normal form is its own");
    assert_eq!(decoded(&normal), decoded(request.uri.path()), "and means the same");
    let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    // Both answers are right. Names with odd boundaries must not panic.
    let _ = OriginPolicy::new(vec!["*.example.com".to_owned()], true).admits(header("origin"), header("host"));
    let subprotocols = upgrade::subprotocols(&request.headers);
    assert!(subprotocols.iter().all(|subprotocol| !subprotocol.is_empty() && !subprotocol.contains([',', '\r', '\n'])));
    let extension = extensions::negotiate(&request.headers, Compression::Shared).map(|(_, answer)| answer);
    let reply = reply::switching(&key, subprotocols.first().map(String::as_str), extension.as_deref());
    (reply.expect("each offer of a client can be answered"), true)
}

/// The bytes that a path stands for.
fn decoded(path: &str) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let [byte, behind @ ..] = rest {
        let escape = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escape = escape.filter(|digits| *byte == b'%' && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        rest = if escape.is_some() { &behind[2..] } else { behind };
        decoded.push(escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(*byte));
    }
    decoded
}

/// The rules again, taken from the standard's list and not from the host's code.
fn keeps_rules(request: &Parts, key: &str) {
    let all = |name: &str| request.headers.get_all(name).iter().map(|value| value.as_bytes()).collect::<Vec<_>>();
    let has = |name: &str, token: &str| {
        let lists = String::from_utf8_lossy(&all(name).join(&b","[..])).to_ascii_lowercase();
        lists.split(',').any(|found| found.trim() == token)
    };
    assert_eq!((&request.method, request.version), (&Method::GET, Version::HTTP_11));
    assert!(request.uri.path().starts_with('/'));
    assert!(has("upgrade", "websocket") && has("connection", "upgrade") && has("sec-websocket-version", "13"));
    assert_eq!((all("host").len(), all("sec-websocket-key").len(), all("sec-websocket-version").len()), (1, 1, 1));
    assert!(!all("host")[0].iter().any(|byte| b" \t/@?#\\".contains(byte)) && !all("host")[0].is_empty());
    assert!(all("transfer-encoding").is_empty() && all("content-length").iter().all(|len| *len == b"0"));
    // SHA-1 is 20 bytes, 28 characters of base64 (RFC 6455 §4.2.2).
    assert!(key.len() == 28 && key.ends_with('='));
}
