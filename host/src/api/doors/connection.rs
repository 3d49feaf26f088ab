//! One connection of the API: HTTP/1.1 over any stream.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::handle::Handle;

/// How long a head may take, and how long a connection may idle before the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest head, in bytes.
const MAX_HEAD_BYTES: usize = 32 << 10;
/// How long an answer may take once the server has ended.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Serves a connection until it ends, or shortly after the server has ended.
pub async fn serve<I, F>(stream: I, handle: Handle, answer: impl Fn(Request<Body>) -> F)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Result<Response, Infallible>>,
{
    let service = service_fn(|request: Request<Incoming>| answer(request.map(Body::new)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = handle.ended() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_ANSWER, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        tracing::debug!("a connection of the API failed: {error}");
    }
}
