//! The endpoint of the app: plain requests go to the room that their path names.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::http::{HeaderValue, Method, StatusCode, header};
use tokio::time::timeout;

use super::bodies::Bodies;
use super::endpoints::{Answer, Asked, Body, Endpoint};
use super::reply::{self, Reply};
use super::reply_body::{ReplyBody, RoomBody};
use super::router::{Route, Router};
use super::spans::{self, Spans};
use super::upgrade::{self, Refusal};
use crate::config::Limits;
use crate::path;
use crate::requests::{self, CheckedHead, HostAnswer, IncomingRequest, way};
use crate::shard::{Command, Counters};
use crate::trace::{Trace, Tracer};
use crate::types::Request;

/// Asks the app, if it answers requests.
#[derive(Debug)]
pub struct AppEndpoint {
    router: Arc<Router>,
    counters: Arc<Counters>,
    bodies: Bodies,
    spans: Spans,
    timeout: Duration,
}

impl AppEndpoint {
    /// The endpoint of the app whose rooms `router` finds.
    pub fn new(router: Arc<Router>, counters: Arc<Counters>, limits: &Limits, tracer: Option<Tracer>) -> Self {
        let bodies = Bodies::new(limits.max_request_body_bytes, limits.memory_for_clients(), limits.request_timeout);
        let spans = Spans::new(tracer, &router);
        Self { router, counters, bodies, spans, timeout: limits.request_timeout }
    }

    async fn ask(&self, asked: Asked<'_>, body: &mut Body) -> Option<Reply> {
        if !self.counters.answers_requests() {
            return None;
        }
        if asked.parts.uri.path() == "*" {
            // `OPTIONS *` asks about the server and not about one of its paths (RFC 9110 §9.3.7). The app decides the methods of each.
            return (asked.parts.method == Method::OPTIONS).then(reply::able);
        }
        if let Err(refusal) = upgrade::check_target(asked.parts) {
            return Some(reply::refusal(&refusal));
        }
        let path = path::normal(asked.parts.uri.path());
        let route = self.router.route(&path, None)?;
        let span = self.spans.begin(asked.address, asked.parts);
        let trace: Trace = span.as_ref().map(|span| Box::new(span.context()));
        let answered = self.ask_room((&route, &path), asked, body, trace).await;
        let reply = answered.unwrap_or_else(|refusal| Some(reply::refusal(&refusal)));
        if let Some(reply) = &reply {
            spans::end(span, reply.status());
        }
        reply
    }

    /// Passes a request on to its room. `None` if the room's release answers none, in a swap.
    async fn ask_room(
        &self,
        (route, path): (&Route, &str),
        asked: Asked<'_>,
        body: &mut Body,
        trace: Trace,
    ) -> Result<Option<Reply>, Refusal> {
        let held = asked.progress.hold();
        let parts = asked.parts;
        // The room has it until its answer begins.
        let (body, _counted) = self.bodies.read(body).await?;
        let query = parts.uri.query().unwrap_or_default();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
        let request = Request::new(path, query, headers);
        let request = IncomingRequest { address: asked.address, method: parts.method.as_str().to_owned(), request, body };
        let (room, receiver) = way();
        let command = Command::Request(Arc::clone(&route.room), Box::new(request), trace, room);
        held.wait();
        let sent = timeout(self.timeout, self.router.shard(route).send(command)).await;
        sent.ok().and_then(Result::ok).ok_or_else(|| refused(HostAnswer::Unavailable))?;
        match poll_fn(|cx| receiver.poll_answer(cx)).await {
            Ok(requests::Answer::Whole(head, bytes)) => Ok(Some(reply(head, RoomBody::new(receiver, Some(bytes), held)))),
            Ok(requests::Answer::Begun(head)) => {
                if head.is_event_stream() {
                    held.stream();
                }
                Ok(Some(reply(head, RoomBody::new(receiver, None, held))))
            }
            Ok(requests::Answer::Refused(verdict)) => Err(refused(verdict)),
            Ok(requests::Answer::Passed) => Ok(None),
            Err(_) => Err(refused(HostAnswer::Unavailable)),
        }
    }
}

impl Endpoint for AppEndpoint {
    fn answer<'a>(&'a self, asked: Asked<'a>, body: &'a mut Body) -> Answer<'a> {
        Box::pin(self.ask(asked, body))
    }
}

fn refused(verdict: HostAnswer) -> Refusal {
    let (status, text) = verdict.reply();
    Refusal::new(status, text)
}

fn reply(CheckedHead { status, headers }: CheckedHead, body: RoomBody) -> Reply {
    // 205 has no body (RFC 9110 §15.3.6). HTTP itself knows of 204 and 304 only.
    let body = if status == StatusCode::RESET_CONTENT { ReplyBody::default() } else { ReplyBody::OfRoom(Box::new(body)) };
    let has_body =
        !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) && !hyper::body::Body::is_end_stream(&body);
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    *reply.headers_mut() = headers;
    if has_body {
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        reply.headers_mut().entry(header::CONTENT_TYPE).or_insert(kind);
    }
    reply
}
