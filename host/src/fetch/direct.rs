//! Requests that an app waits for: they start at once, and their bodies are streams.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use tokio::time::{sleep_until, timeout};

use super::answer::{Cause, Failure};
use super::client::{Client, check_answer};
use super::outlet::{FetchError, Outlet, Permit, check_head};
use super::problem::failure;
use super::request::{AGENT, method, parse};
use super::request_body::{BodyError, RequestBody};
use super::spans;
use crate::trace::{Span, Trace};

/// A request that is checked and counted, and starts when it is sent.
#[derive(Debug)]
pub struct Direct {
    client: Client,
    head: Parts,
    body_bytes: Option<u64>,
    permit: Permit,
    /// The time until the head of the answer.
    first: Duration,
    /// The time until each piece of its body.
    next: Duration,
    /// The span of the handler that sends it.
    trace: Trace,
}

/// Why a request has no answer, or the rest of a body does not come.
#[derive(Debug)]
pub enum DirectError {
    /// The body of the request is larger than this many bytes.
    RequestTooBig(usize),
    /// The body of the answer is larger than this many bytes.
    AnswerTooBig(usize),
    /// Something else.
    Failed(Failure),
}

impl Direct {
    /// Checks a request. The times are the most that the app waits; the host's own limit holds in any case.
    ///
    /// # Errors
    /// It is invalid, too big, or to a server that is not allowed.
    pub fn new(client: Client, mut head: Parts, permit: Permit, (first, next): (Duration, Duration)) -> Result<Self, FetchError> {
        let outlet = client.outlet();
        check_parts(outlet, &mut head)?;
        head.headers.remove(HOST);
        // The body has this size, or fails: a server would take the next request of the connection for the rest of it.
        let body_bytes = head.headers.remove(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        outlet.check_body(body_bytes.map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX)))?;
        let (first, next) = (first.min(outlet.timeout), next.min(outlet.timeout));
        Ok(Self { client, head, body_bytes, permit, first, next, trace: None })
    }

    /// A handler sends it that runs in this span.
    #[must_use]
    pub fn traced(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// Sends the request, and waits for the head of its answer. The second value ends when nobody has read the body for too long, and has to run
    /// meanwhile.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(self, body: RequestBody) -> Result<(Response<AnswerBody>, impl Future<Output = ()> + Send), DirectError> {
        let outlet = Arc::clone(self.client.outlet());
        let sent = self.exchange(body).await;
        match &sent {
            Ok(_) => outlet.ended.note_answered(),
            Err(DirectError::Failed(failure)) => outlet.ended.note_failed(failure),
            Err(DirectError::RequestTooBig(most) | DirectError::AnswerTooBig(most)) => {
                outlet.ended.note_failed(&Failure::new(Cause::TooBig, format!("more than {most} bytes")));
            }
        }
        sent
    }

    async fn exchange(self, body: RequestBody) -> Result<(Response<AnswerBody>, impl Future<Output = ()> + Send), DirectError> {
        let Self { client, mut head, body_bytes, permit, first, next, trace } = self;
        let outlet = Arc::clone(client.outlet());
        let body = Limited::new(WholeBody { body, left: body_bytes }, outlet.max_body_bytes).boxed_unsync();
        let mut span = trace.map(|trace| Box::new(spans::begin(&trace, &head.method, &head.uri)));
        if let Some(span) = &span {
            span.tell(&mut head.headers);
        }
        let asked = client.send(Request::from_parts(head, Either::Right(body)));
        let answered = match timeout(first, asked).await {
            Ok(Ok(response)) => checked(response),
            Ok(Err(error)) => Err(DirectError::of(&error, DirectError::RequestTooBig(outlet.max_body_bytes))),
            Err(_) => Err(DirectError::Failed(late("the answer has not begun", first))),
        };
        if let Some(span) = &mut span {
            note(span, &answered);
        }
        let (head, body) = answered?.into_parts();
        if body.size_hint().exact().is_some_and(|bytes| bytes > outlet.max_body_bytes as u64) {
            return Err(DirectError::AnswerTooBig(outlet.max_body_bytes));
        }
        let open = Open { body: Limited::new(body, outlet.max_body_bytes), read: Instant::now(), _permit: permit, _span: span };
        let state = Arc::new(Mutex::new(State { open: Some(open), is_late: false, reader: None }));
        let body = AnswerBody { state: Arc::clone(&state), outlet, next };
        Ok((Response::from_parts(head, body), watch(state, next)))
    }
}

impl DirectError {
    /// The error behind one of the client, with this one for a body that is too big.
    fn of(error: &(dyn std::error::Error + 'static), too_big: Self) -> Self {
        let mut causes = std::iter::successors(Some(error), |error| error.source());
        if causes.any(|error| error.is::<LengthLimitError>()) { too_big } else { Self::Failed(failure(error)) }
    }
}

/// Checks the head of a request, and brings its URL into the one form that the client gets.
///
/// # Errors
/// It is invalid, too big, or to a server that is not allowed.
fn check_parts(outlet: &Outlet, head: &mut Parts) -> Result<(), FetchError> {
    let url = head.uri.to_string();
    let headers: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    check_head(head.method.as_str().len() + url.len() + headers)?;
    head.method = method(head.method.as_str()).map_err(FetchError::Invalid)?;
    let (target, uri) = parse(&url).map_err(FetchError::Invalid)?;
    outlet.check_target(&target)?;
    head.uri = uri;
    head.headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(())
}

/// The answer, if its head is allowed.
fn checked(response: Response<Incoming>) -> Result<Response<Incoming>, DirectError> {
    let (head, body) = response.into_parts();
    check_answer(&head).map_err(DirectError::Failed)?;
    Ok(Response::from_parts(head, body))
}

fn late(what: &str, time: Duration) -> Failure {
    Failure::new(Cause::Timeout, format!("{what} within {time:?}"))
}

/// A body that has a certain size, if the app has said so.
struct WholeBody {
    body: RequestBody,
    left: Option<u64>,
}

impl Body for WholeBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let (Some(left), Some(Ok(frame))) = (&mut self.left, &frame) {
            *left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        Poll::Ready(match frame {
            None if self.left.is_some_and(|left| left > 0) => Some(Err("the body ends before its size".into())),
            frame => frame,
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(|| self.body.size_hint(), SizeHint::with_exact)
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none_or(|left| left == 0) && self.body.is_end_stream()
    }
}

/// The body of an answer. It keeps the request's permit, and its connection, until it has ended or nobody has read it for too long.
pub struct AnswerBody {
    state: Arc<Mutex<State>>,
    outlet: Arc<Outlet>,
    next: Duration,
}

struct State {
    open: Option<Open>,
    is_late: bool,
    reader: Option<Waker>,
}

struct Open {
    body: Limited<Incoming>,
    /// When the app has read the last piece.
    read: Instant,
    _permit: Permit,
    /// Ends with the body.
    _span: Option<Box<Span>>,
}

/// Notes how a request is answered, if it is.
fn note(span: &mut Span, answered: &Result<Response<Incoming>, DirectError>) {
    match answered {
        Ok(response) => spans::note_status(span, response.status().as_u16()),
        Err(DirectError::Failed(failure)) => spans::note_failure(span, failure),
        Err(DirectError::RequestTooBig(_) | DirectError::AnswerTooBig(_)) => span.fail("too_big", ""),
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = DirectError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, DirectError>>> {
        let mut state = lock(&self.state);
        let Some(open) = &mut state.open else {
            let is_late = std::mem::take(&mut state.is_late);
            let error = || Err(DirectError::Failed(late("nothing more of the body was read", self.next)));
            return Poll::Ready(is_late.then(error));
        };
        match Pin::new(&mut open.body).poll_frame(cx) {
            Poll::Pending => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            Poll::Ready(Some(Ok(frame))) => {
                open.read = Instant::now();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                state.open = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => {
                state.open = None;
                Poll::Ready(Some(Err(DirectError::of(&*error, DirectError::AnswerTooBig(self.outlet.max_body_bytes)))))
            }
        }
    }
}

/// Gives up a body of which nothing was read for this time.
async fn watch(state: Arc<Mutex<State>>, next: Duration) {
    loop {
        let Some(read) = lock(&state).open.as_ref().map(|open| open.read) else { return };
        sleep_until((read + next).into()).await;
        let mut state = lock(&state);
        if state.open.as_ref().is_some_and(|open| open.read == read) {
            (state.open, state.is_late) = (None, true);
            state.reader.take().into_iter().for_each(Waker::wake);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
