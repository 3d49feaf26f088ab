//! The HTTP of one connection: requests are answered until one is upgraded, the connection ends, or its time is over.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

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
use super::join::Upgrade;
use super::policy::Policy;
use super::progress::Progress;
use super::reply::{self, Reply};
use super::request::Requests;
use super::tap::Tap;
use super::transport::Transport;
use super::upgrade::Refusal;
use crate::config::Limits;

/// The end of a connection's HTTP.
#[derive(Debug)]
pub enum Served {
    /// The client is let in. It does not have the answer yet: the 101, with its headers, is to be written first.
    Upgraded(Arrival, Box<Upgrade>),
    /// The last answer is written, or the client is gone. The client may have sent more than was read.
    Answered(Transport),
    /// The client does not wait for the rest of its answer.
    Gone,
    /// The time was over, and there was nothing to answer.
    TooLate,
}

/// A connection that is about to become a WebSocket.
#[derive(Debug)]
pub struct Arrival {
    /// Its transport.
    pub transport: Transport,
    /// The answer that its client waits for: the 101, with its headers.
    pub answer: Vec<u8>,
    /// The bytes that were read behind the request.
    pub first: Bytes,
}

/// Serves HTTP.
#[derive(Debug)]
pub struct Http {
    requests: Arc<Requests>,
    max_request_bytes: usize,
    policy: Arc<Policy>,
    /// How long a client may be idle while a room answers, and how long it may take nothing of the answer.
    patience: (Duration, Duration),
    /// Whether each answer is the last one of its connection, because the server shuts down.
    ending: AtomicBool,
}

/// An event of a connection.
enum Step {
    /// HTTP has ended.
    Ended(Result<(), hyper::Error>),
    /// The client does not wait for the rest of its answer.
    Gone,
    /// The time is over.
    Late,
}

impl Http {
    /// HTTP within these limits. If the policy asks clients for certificates, their requests tell of them.
    pub fn new(requests: Requests, limits: &Limits, policy: Arc<Policy>) -> Self {
        let patience = (limits.ping_interval, limits.pong_timeout);
        let max_request_bytes = limits.max_request_bytes;
        Self { requests: Arc::new(requests), max_request_bytes, policy, patience, ending: AtomicBool::new(false) }
    }

    /// From now on, each answer is the last one of its connection.
    pub fn end(&self) {
        self.ending.store(true, Relaxed);
    }

    /// Serves one connection.
    pub async fn serve(self: &Arc<Self>, transport: Transport, peer: Peer, deadline: Deadline) -> Served {
        let asks_clients = self.policy.asks_clients();
        let subject = if asks_clients { transport.client_subject() } else { None };
        let (progress, tap) = (Progress::new(deadline), Tap::new(transport));
        let service = service_fn({
            let (http, progress, tap) = (Arc::clone(self), Arc::clone(&progress), tap.clone());
            move |mut request: hyper::Request<Incoming>| {
                if asks_clients {
                    client_certificate::tell(request.headers_mut(), subject.as_ref());
                }
                let (http, progress, tap) = (Arc::clone(&http), Arc::clone(&progress), tap.clone());
                Box::pin(async move { Ok::<_, Infallible>(http.answer(peer, request, (&progress, &tap)).await) })
            }
        });
        let mut http = http1::Builder::new();
        http.max_buf_size(self.max_request_bytes);
        // A client that sends no more may still wait for its answer (RFC 9293 §3.6), while its room decides for example.
        http.half_close(true);
        let mut connection = http.serve_connection(TokioIo::new(tap.clone()), service);
        let next = |cx: &mut Context<'_>| match connection.poll_without_shutdown(cx) {
            Poll::Ready(ended) => Poll::Ready(Step::Ended(ended)),
            Poll::Pending if progress.waits() => tap.poll_gone(cx, progress.streams()).map(|()| Step::Gone),
            Poll::Pending => Poll::Pending,
        };
        let step = self.follow(next, (&progress, &tap), deadline.decision()).await;
        let parts = connection.into_parts();
        let rest = parts.read_buf;
        drop((parts.io, parts.service));
        let (transport, ahead, answer) = tap.into_parts();
        let rest = if ahead.is_empty() { rest } else { [rest, ahead].concat().into() };
        let (asked, upgrade, deadline) = progress.finish();
        match step {
            Step::Ended(Ok(())) => match upgrade {
                Some(upgrade) => Served::Upgraded(Arrival { transport, answer, first: rest }, Box::new(upgrade)),
                None => Served::Answered(transport),
            },
            Step::Ended(Err(error)) => {
                tracing::debug!(address = %peer.address, "the HTTP request failed: {error}");
                Served::Answered(transport)
            }
            Step::Gone => Served::Gone,
            // On a kept connection, an earlier answer may be half written. Without a byte of a request, an answer would be
            // taken for one to the request that the client is about to send.
            Step::Late if asked || rest.is_empty() => Served::TooLate,
            Step::Late => {
                tracing::debug!(address = %peer.address, "an unfinished request is answered with 408");
                refuse_unfinished(transport, deadline).await
            }
        }
    }

    /// Follows a connection until something ends it. Until a request has come, that is at this time.
    async fn follow(
        &self,
        mut next: impl FnMut(&mut Context<'_>) -> Poll<Step>,
        (progress, tap): (&Progress, &Tap),
        mut end: Instant,
    ) -> Step {
        let (idle, stalled) = self.patience;
        let mut keeps_alive = false;
        loop {
            if let Ok(step) = timeout_at(end.into(), poll_fn(&mut next)).await {
                return step;
            }
            match progress.end() {
                // Its request has come meanwhile.
                Some(later) if later > end => end = later,
                Some(_) => return Step::Late,
                // A room answers, which has its own time.
                None if tap.is_stalled(Instant::now(), stalled) => return Step::Gone,
                None => {
                    if !std::mem::replace(&mut keeps_alive, true) {
                        tap.keep_alive(idle, stalled);
                    }
                    end = Instant::now() + stalled;
                }
            }
        }
    }

    async fn answer(&self, peer: Peer, request: hyper::Request<Incoming>, (progress, tap): (&Arc<Progress>, &Tap)) -> Reply {
        let (parts, body) = request.into_parts();
        let decision = progress.ask(Instant::now());
        let (mut reply, upgrade) = self.requests.answer(peer, (&parts, body), progress, decision).await;
        let upgrades = upgrade.is_some();
        if upgrades {
            tap.hold_back();
        }
        let kept = progress.answer(Instant::now(), upgrade) && !self.ending.load(Relaxed);
        if !upgrades && !kept {
            reply.headers_mut().entry(header::CONNECTION).or_insert(HeaderValue::from_static("close"));
        }
        reply
    }
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
