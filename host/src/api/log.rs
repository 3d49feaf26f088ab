//! The route that shows the last lines of the log, and those that follow.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, StreamExt as _, unfold};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MayRead;
use super::input::Query;
use super::problem::Problem;
use super::service::Api;
use crate::log::{LogLine, LogLines, LogTail};

/// Server-sent events (HTML, "Server-sent events").
const EVENTS: &str = "text/event-stream";
/// The id of the last event that a reader has seen.
const LAST_EVENT_ID: &str = "last-event-id";
/// A proxy may close a connection on which nothing comes for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(log))
}

/// The lines that are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// How many of the last lines: up to 1000, by default 100.
    #[serde(default)]
    #[param(value_type = usize, maximum = 1000, default = 100)]
    tail: Tail,
    /// Whether further lines follow, as server-sent events. The header `Accept: text/event-stream` asks for the same.
    #[serde(default)]
    follow: bool,
}

/// The number of lines.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "usize")]
struct Tail(usize);

impl Default for Tail {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<usize> for Tail {
    type Error = &'static str;

    fn try_from(lines: usize) -> Result<Self, Self::Error> {
        if lines <= 1000 { Ok(Self(lines)) } else { Err("tail must be from 0 to 1000") }
    }
}

/// The last lines of the log.
#[derive(Debug, Serialize, ToSchema)]
struct Lines {
    /// In their order, the newest last.
    lines: Vec<LogLine>,
}

/// The log
///
/// Its last lines, as far as the level of the log has let them through. As server-sent events, each line is an event with an id, and `Last-Event-ID`
/// asks for the lines behind it. An event of the type `missed` has the number of lines that were gone before they could be sent.
#[utoipa::path(
    get, path = "/v1/log", tag = "Server", security(("token" = ["read"])),
    params(Wanted, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read")),
    responses((status = 200, description = "The lines", content((Lines = "application/json"), (String = "text/event-stream"))))
)]
async fn log(_: MayRead, State(api): State<Api>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, Problem> {
    let tail = api.handle().log_tail().ok_or_else(no_log)?;
    if !wanted.follow && !accepts_events(&headers) {
        let lines = tail.last(wanted.tail.0).lines.into_iter().map(Arc::unwrap_or_clone).collect();
        return Ok(axum::Json(Lines { lines }).into_response());
    }
    let lines = follow(tail.clone(), before(tail, wanted.tail.0, &headers));
    // The end of the server does not wait for its readers.
    let ended = api.handle().clone();
    let events = lines.take_until(Box::pin(async move { ended.ended().await }));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn no_log() -> Problem {
    Problem::no_such("no-log", "No log", "this program gives the server no tail of its log")
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    accepted.filter_map(|kind| kind.split(';').next()).any(|kind| kind.trim().eq_ignore_ascii_case(EVENTS))
}

/// The id of the line before the first one that a reader gets.
fn before(tail: &LogTail, lines: usize, headers: &HeaderMap) -> u64 {
    let next = tail.last(0).first;
    let seen = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    // An id that is still to come is of another server.
    seen.filter(|seen| *seen < next).unwrap_or_else(|| tail.last(lines).first.saturating_sub(1))
}

/// The events of the lines behind this one.
fn follow(tail: LogTail, seen: u64) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold((tail, seen, VecDeque::new()), |(tail, mut seen, mut events)| async move {
        if events.is_empty() {
            let found = tail.behind(seen).await;
            seen = found.first + found.lines.len() as u64 - 1;
            events.extend(events_of(&found));
        }
        events.pop_front().map(|event| (Ok(event), (tail, seen, events)))
    })
}

fn events_of(found: &LogLines) -> impl Iterator<Item = Event> {
    let missed = (found.missed > 0).then(|| Event::default().event("missed").data(json!({ "lines": found.missed }).to_string()));
    let lines =
        (found.first..).zip(&found.lines).map(|(id, line)| Event::default().id(id.to_string()).data(json!(**line).to_string()));
    missed.into_iter().chain(lines)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use tower_service::Service;

    use super::*;
    use crate::Server;
    use crate::api::caller::{Caller, Door, Right};
    use crate::api::router::router;

    fn line(message: &str) -> LogLine {
        let (time, level, target) = ("2026-11-27T12:00:00Z".into(), "INFO".into(), "guest".into());
        LogLine {
            time,
            level,
            target,
            message: message.into(),
            fields: serde_json::Map::from_iter([("room".into(), "/a".into())]),
        }
    }

    fn server(tail: Option<LogTail>) -> Server {
        let builder = Server::builder().port(0).on_new_client(|_, _| {});
        tail.into_iter().fold(builder, crate::Builder::log_tail).build().expect("the server starts")
    }

    async fn asked(router: &Router, path: &str, headers: &[(&str, &str)]) -> Response {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        let mut request = request.body(Body::empty()).expect("the request is valid");
        request.extensions_mut().insert(Caller::new("test", Right::Read, Door::Unix));
        router.clone().call(request).await.expect("a router answers")
    }

    /// The next events of an answer, whole frames of its body.
    async fn events(answer: &mut Response, count: usize) -> String {
        let mut text = String::new();
        while text.matches("\n\n").count() < count {
            let frame = answer.body_mut().frame().await.expect("the events go on").expect("the body is sound");
            text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap_or_default()));
        }
        text
    }

    #[tokio::test]
    async fn the_last_lines_are_told_as_json() {
        let tail = LogTail::default();
        ["one", "two", "three"].into_iter().for_each(|text| tail.add(line(text)));
        let router = router(Api::new(server(Some(tail)).handle()));
        let answer = asked(&router, "/v1/log?tail=2", &[]).await;
        let body = answer.into_body().collect().await.expect("the body has an end").to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).expect("the body is JSON");
        let lines = body["lines"].as_array().expect("it has lines");
        assert_eq!((lines.len(), &lines[0]["message"], &lines[1]["fields"]["room"]), (2, &"two".into(), &"/a".into()));
        assert_eq!(asked(&router, "/v1/log?tail=1001", &[]).await.status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_reader_of_events_goes_on_behind_the_last_one_it_has_seen_and_ends_with_the_server() {
        let tail = LogTail::default();
        ["one", "two"].into_iter().for_each(|text| tail.add(line(text)));
        let (last, server) = (tail.last(1).first, server(Some(tail.clone())));
        let (router, handle) = (router(Api::new(server.handle())), server.handle());
        let mut answer = asked(&router, "/v1/log?tail=1", &[("accept", "text/event-stream;q=1")]).await;
        assert_eq!(answer.headers()["content-type"], EVENTS);
        let told = events(&mut answer, 1).await;
        assert!(told.starts_with(&format!("id: {last}\ndata: {{")) && told.contains("\"message\":\"two\""), "{told}");
        tail.add(line("three"));
        assert!(events(&mut answer, 1).await.contains("\"message\":\"three\""));

        let seen = (last - 1).to_string();
        let mut again = asked(&router, "/v1/log?follow=true", &[(LAST_EVENT_ID, &seen)]).await;
        let told = events(&mut again, 2).await;
        assert!(told.contains("two") && told.contains("three") && !told.contains("\"one\""), "{told}");
        // An id that was never given: its reader gets the tail.
        let mut other = asked(&router, "/v1/log?tail=1&follow=true", &[(LAST_EVENT_ID, &u64::MAX.to_string())]).await;
        assert!(events(&mut other, 1).await.contains("three"));

        handle.shutdown();
        server.run().await.expect("it ends");
        assert!(answer.into_body().frame().await.is_none(), "the events end with the server");
    }

    #[tokio::test]
    async fn a_reader_hears_how_many_lines_it_has_missed() {
        let tail = LogTail::default();
        let first = tail.last(0).first;
        (0..1_003).for_each(|n| tail.add(line(&n.to_string())));
        let router = router(Api::new(server(Some(tail)).handle()));
        let mut answer = asked(&router, "/v1/log?follow=true", &[(LAST_EVENT_ID, &first.to_string())]).await;
        let told = events(&mut answer, 2).await;
        assert!(told.starts_with("event: missed\ndata: {\"lines\":2}\n\n"), "{}", &told[..80]);
    }

    #[tokio::test]
    async fn a_program_that_gives_no_tail_has_no_log_to_show() {
        let router = router(Api::new(server(None).handle()));
        assert_eq!(asked(&router, "/v1/log", &[]).await.status(), StatusCode::NOT_FOUND);
    }
}
