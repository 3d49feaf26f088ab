//! The HTTP of one connection: requests are answered until one is upgraded, the connection ends, or its time is over.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::{HeaderValue, StatusCode, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout_at;

use super::client_certificate;
use super::deadline::Deadline;
use super::forwarded::Peer;
use super::reply::{self, Reply};
use super::request::{Requests, Upgrade};
use super::transport::Transport;
use super::upgrade::Refusal;

/// The end of a connection's HTTP.
#[derive(Debug)]
pub enum Served {
    /// A 101 is written. The bytes were read behind the request.
    Upgraded(Transport, Bytes, Upgrade),
    /// The last answer is written, or the client is gone. The client may have sent more than was read.
    Answered(Transport),
    /// The time was over, and there was nothing to answer.
    TooLate,
}

/// Serves HTTP.
#[derive(Debug)]
pub struct Http {
    requests: Arc<Requests>,
    max_request_bytes: usize,
    /// Whether clients are asked for certificates.
    asks_clients: bool,
    /// Whether each answer is the last one of its connection, because the server shuts down.
    ending: AtomicBool,
}

/// How far a connection is.
#[derive(Debug)]
struct Progress {
    deadline: Deadline,
    /// Whether a request has come whole.
    asked: bool,
    upgrade: Option<Upgrade>,
}

impl Http {
    /// HTTP for requests of this size at most. If clients are asked for certificates, their requests tell of them.
    pub fn new(requests: Requests, max_request_bytes: usize, asks_clients: bool) -> Self {
        Self { requests: Arc::new(requests), max_request_bytes, asks_clients, ending: AtomicBool::new(false) }
    }

    /// From now on, each answer is the last one of its connection.
    pub fn end(&self) {
        self.ending.store(true, Relaxed);
    }

    /// Serves one connection.
    pub async fn serve(self: &Arc<Self>, transport: Transport, peer: Peer, deadline: Deadline) -> Served {
        let progress = Arc::new(Mutex::new(Progress { deadline, asked: false, upgrade: None }));
        let subject = if self.asks_clients { transport.client_subject() } else { None };
        let service = service_fn({
            let (http, progress) = (Arc::clone(self), Arc::clone(&progress));
            move |mut request: hyper::Request<Incoming>| {
                if http.asks_clients {
                    client_certificate::tell(request.headers_mut(), subject.as_ref());
                }
                let (http, progress) = (Arc::clone(&http), Arc::clone(&progress));
                Box::pin(async move { Ok::<_, Infallible>(http.answer(peer, request, &progress).await) })
            }
        });
        let mut http = http1::Builder::new();
        http.max_buf_size(self.max_request_bytes);
        // A client that sends no more may still wait for its answer (RFC 9293 §3.6), while its room decides for example.
        http.half_close(true);
        let mut connection = http.serve_connection(TokioIo::new(transport), service);
        let mut end = deadline.decision();
        let served = loop {
            let served = timeout_at(end.into(), poll_fn(|cx| connection.poll_without_shutdown(cx))).await;
            let now_ends = lock(&progress).end();
            match served {
                // Its request has come meanwhile.
                Err(_) if now_ends > end => end = now_ends,
                served => break served,
            }
        };
        let parts = connection.into_parts();
        let (transport, Progress { asked, upgrade, deadline }) = (parts.io.into_inner(), lock(&progress).take());
        match served {
            Ok(Ok(())) => match upgrade {
                Some(upgrade) => Served::Upgraded(transport, parts.read_buf, upgrade),
                None => Served::Answered(transport),
            },
            Ok(Err(error)) => {
                tracing::debug!(address = %peer.address, "the HTTP request failed: {error}");
                Served::Answered(transport)
            }
            // On a kept connection, an earlier answer may be half written. Without a byte of a request, an answer would be
            // taken for one to the request that the client is about to send.
            Err(_) if asked || parts.read_buf.is_empty() => Served::TooLate,
            Err(_) => {
                tracing::debug!(address = %peer.address, "an unfinished request is answered with 408");
                refuse_unfinished(transport, deadline).await
            }
        }
    }

    async fn answer(&self, peer: Peer, request: hyper::Request<Incoming>, progress: &Mutex<Progress>) -> Reply {
        let (parts, body) = request.into_parts();
        let decision = {
            let mut progress = lock(progress);
            progress.asked = true;
            progress.deadline.asked(Instant::now());
            progress.deadline.decision()
        };
        let (mut reply, upgrade) = self.requests.answer(peer, &parts, body, decision).await;
        let mut progress = lock(progress);
        let kept = progress.deadline.answered(Instant::now()) && !self.ending.load(Relaxed);
        if upgrade.is_none() && !kept {
            reply.headers_mut().entry(header::CONNECTION).or_insert(HeaderValue::from_static("close"));
        }
        progress.upgrade = upgrade;
        reply
    }
}

impl Progress {
    /// When the connection ends, as far as it is now.
    fn end(&self) -> Instant {
        if self.asked { self.deadline.end() } else { self.deadline.decision() }
    }

    fn take(&mut self) -> Self {
        Self { upgrade: self.upgrade.take(), ..*self }
    }
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a request that was begun and not completed in time (RFC 9110 §15.5.9).
async fn refuse_unfinished(mut transport: Transport, deadline: Deadline) -> Served {
    let refusal = Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request did not come in time");
    let written = async {
        transport.write_all(reply::plain(&refusal).as_bytes()).await?;
        transport.flush().await
    };
    match timeout_at(deadline.end().into(), written).await {
        Ok(Ok(())) => Served::Answered(transport),
        _ => Served::TooLate,
    }
}
