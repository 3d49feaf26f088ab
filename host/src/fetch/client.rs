//! The client of a shard: it runs exchanges, and keeps connections for the next ones.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Incoming};
use hyper::http::response::Parts;
use hyper::{HeaderMap, StatusCode};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout_at;

use super::answer::{Answer, BodyPart, Cause, Failure, Response, Told};
use super::connector::Connector;
use super::exchange::Exchange;
use super::lookups::{Resolve, resolve};
use super::memory::Part;
use super::outlet::{MAX_HEAD_BYTES, Outlet};
use super::problem::{failure, head_too_big, no_memory};
use super::request::Request;
use super::request_body::RequestBody;
use super::spans;
use crate::trace::Span;

/// How long a connection is kept for another request. Many servers close one after 5 to 75 s; the shorter ours, the fewer requests meet a
/// connection that is about to end.
const KEPT: Duration = Duration::from_secs(15);
/// The connections to one server that are kept.
const KEPT_PER_SERVER: usize = 32;
/// The most headers of an answer.
const MAX_HEADERS: usize = 256;

/// The body of a request: whole, or as its app writes it.
type Sent = Either<Full<Bytes>, RequestBody>;

/// The client of a shard, from its first request on.
#[derive(Debug)]
pub struct LazyClient {
    outlet: Arc<Outlet>,
    client: OnceLock<Client>,
}

impl LazyClient {
    /// A client by these rules.
    pub fn new(outlet: Arc<Outlet>) -> Self {
        Self { outlet, client: OnceLock::new() }
    }

    /// Its rules.
    pub fn outlet(&self) -> &Arc<Outlet> {
        &self.outlet
    }

    /// The client itself.
    pub fn get(&self) -> Client {
        self.client.get_or_init(|| Client::new(Arc::clone(&self.outlet))).clone()
    }
}

/// A client. A clone costs reference counts.
#[derive(Debug, Clone)]
pub struct Client {
    outlet: Arc<Outlet>,
    client: legacy::Client<Connector, Sent>,
}

impl Client {
    /// A client by these rules. It runs on the runtime on which it is asked.
    pub fn new(outlet: Arc<Outlet>) -> Self {
        Self::with(outlet, Arc::new(resolve))
    }

    /// Its rules.
    pub(super) fn outlet(&self) -> &Arc<Outlet> {
        &self.outlet
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) fn send(&self, request: hyper::Request<Sent>) -> legacy::ResponseFuture {
        self.client.request(request)
    }

    fn with(outlet: Arc<Outlet>, resolve: Arc<Resolve>) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(KEPT_PER_SERVER)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .http1_max_headers(MAX_HEADERS)
            // A request of which no byte was sent goes to another connection, if the one it waited for has ended. Any other is not repeated.
            .retry_canceled_requests(true)
            .build(Connector::new(Arc::clone(&outlet), resolve));
        Self { outlet, client }
    }

    /// Sends a request, and tells what comes of it. It reads on when `tell` has returned. Dropping it gives the request up.
    pub async fn run(&self, request: Arc<Request>, mut tell: impl AsyncFnMut(Told)) {
        let most = self.outlet.timeout;
        let timeout = request.timeout.map_or(most, |timeout| timeout.min(most));
        let mut exchange = Exchange::new(request.stream, self.outlet.max_body_bytes, timeout, Instant::now());
        let mut span = request.begin_span();
        let mut body = match self.begin(&mut exchange, &request, span.as_deref()).await {
            (Some(answer), body) => {
                spans::note(span.as_deref_mut(), &answer);
                let is_last = answer.is_last();
                self.note_end(&answer);
                tell(answer.into()).await;
                match body.filter(|_| !is_last) {
                    Some(body) => body,
                    None => return,
                }
            }
            (None, Some(body)) => body,
            (None, None) => return,
        };
        // The answer may be a long stream. The body of the request needs no memory any more.
        drop(request);
        exchange.note_told(Instant::now());
        let mut gathered = None;
        loop {
            let mut next = self.next(&mut exchange, &mut body, &mut gathered).await;
            while let Some(answer) = next {
                spans::note(span.as_deref_mut(), &answer);
                let is_last = answer.is_last();
                self.note_end(&answer);
                let memory = match &answer {
                    Answer::Part(BodyPart::Piece(piece)) => Some(self.outlet.memory.take(piece.len()).await),
                    _ => gathered.take(),
                };
                tell(Told { answer, memory }).await;
                if is_last {
                    return;
                }
                exchange.note_told(Instant::now());
                next = exchange.next_piece();
            }
        }
    }

    /// Counts the end of a request, if this is its last answer.
    fn note_end(&self, answer: &Answer) {
        if answer.is_last() {
            self.outlet.ended.note(answer);
        }
    }

    /// Sends a request and waits for the head of its answer.
    async fn begin(&self, exchange: &mut Exchange, request: &Request, span: Option<&Span>) -> (Option<Answer>, Option<Incoming>) {
        let asked = self.send(request.to_http(span).map(Either::Left));
        let (head, body) = match timeout_at(exchange.deadline().into(), asked).await {
            Err(_) => return (Some(exchange.on_deadline()), None),
            Ok(Err(error)) => return (Some(exchange.fail(failure(&error))), None),
            Ok(Ok(response)) => response.into_parts(),
        };
        if let Err(failure) = check_answer(&head) {
            return (Some(exchange.fail(failure)), None);
        }
        let response = Response { status: head.status.as_u16(), headers: headers(&head.headers), body: None };
        (exchange.on_head(response, body.size_hint().exact()), Some(body))
    }

    /// Waits for more of a body. A part of one that is gathered takes memory, which is added to that of the parts before.
    async fn next(&self, exchange: &mut Exchange, body: &mut Incoming, gathered: &mut Option<Part>) -> Option<Answer> {
        match timeout_at(exchange.deadline().into(), body.frame()).await {
            Err(_) => Some(exchange.on_deadline()),
            Ok(None) => Some(exchange.on_end()),
            Ok(Some(Err(error))) => Some(exchange.fail(failure(&error))),
            Ok(Some(Ok(frame))) => {
                // Trailers are left out.
                let data = frame.into_data().ok()?;
                if exchange.gathers() {
                    match (self.outlet.memory.try_take(data.len()), &mut *gathered) {
                        (None, _) => return Some(exchange.fail(no_memory(self.outlet.memory.most()))),
                        (Some(part), Some(gathered)) => gathered.add(part),
                        (part, gathered) => *gathered = part,
                    }
                }
                exchange.on_data(data)
            }
        }
    }
}

/// Checks the head of an answer.
///
/// # Errors
/// It is too large, or ends HTTP.
pub(super) fn check_answer(head: &Parts) -> Result<(), Failure> {
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        let detail = "the server switches to another protocol, which nobody has asked for";
        return Err(Failure::new(Cause::Broken, detail));
    }
    // The client's own limit is one of its buffer, which may be larger at times.
    let bytes: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    if bytes > MAX_HEAD_BYTES { Err(head_too_big()) } else { Ok(()) }
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}
