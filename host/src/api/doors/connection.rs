//! One connection of the API: HTTP/1.1 over any stream.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

/// How long a head may take, and how long a connection may idle before the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest head, in bytes.
const MAX_HEAD_BYTES: usize = 32 << 10;
/// How long the first request of a connection may take that a server has accepted just before another process took its place.
const FIRST_REQUEST: Duration = Duration::from_secs(1);
/// How long an answer may take at the end.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Serves a connection until it ends, or until shortly after `end`. If `end` is true, one that has asked nothing yet may still ask: it came to a server
/// that goes on in another process.
pub async fn serve<I, F>(stream: I, end: impl Future<Output = bool>, answer: impl Fn(Request<Body>) -> F)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Result<Response, Infallible>>,
{
    let asked = Notify::new();
    let service = service_fn(|request: Request<Incoming>| {
        asked.notify_one();
        answer(request.map(Body::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        may_ask = end => match if may_ask { first_request(connection.as_mut(), &asked).await } else { None } {
            Some(served) => served,
            None => {
                connection.as_mut().graceful_shutdown();
                tokio::time::timeout(LAST_ANSWER, connection).await.unwrap_or(Ok(()))
            }
        },
    };
    if let Err(error) = served {
        tracing::debug!("a connection of the API failed: {error}");
    }
}

/// Waits until the connection has asked something, at most for a while. Returns its result if it has ended.
async fn first_request<C: Future>(connection: Pin<&mut C>, asked: &Notify) -> Option<C::Output> {
    tokio::select! {
        served = connection => Some(served),
        () = asked.notified() => None,
        () = tokio::time::sleep(FIRST_REQUEST) => None,
    }
}
