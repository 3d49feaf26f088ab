//! Attackers at the TCP door, without sockets: a name that leads to this machine, a page of another origin, a guess.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;

use super::checks::{Checks, Visitor};
use super::cors::Cors;
use super::tcp::answer;
use super::tokens::Tokens;
use crate::Server;
use crate::api::router::router;
use crate::api::service::Api;

const TOKENS: &str = "alice admin 0123456789abcdef\nwatcher read fedcba9876543210\n";
const ALICE: &str = "0123456789abcdef";
const WATCHER: &str = "fedcba9876543210";

/// The door of a server with a native app.
struct Door {
    router: axum::Router,
    checks: Arc<Checks>,
    cors: Arc<Cors>,
}

impl Door {
    fn new(origins: &[&str], rate: u32) -> Self {
        let server = Server::builder().port(0).on_new_client(|_, _| {}).build().expect("the server starts");
        let tokens = Tokens::parse(TOKENS).expect("the tokens are right");
        let cors = Cors::new(origins.iter().map(ToString::to_string).collect()).expect("the origins are right");
        Self {
            router: router(Api::new(server.handle())),
            checks: Arc::new(Checks::new(tokens, vec!["api.example".into()], rate, Instant::now())),
            cors: Arc::new(cors),
        }
    }

    /// Asks as this address, with these headers besides `Host: localhost:9000`, unless they have one.
    async fn asked(&self, from: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", "localhost:9000");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("the request is valid");
        let visitor = Visitor::new(Arc::clone(&self.checks), from.parse().expect("it is an address"));
        answer(request, visitor, self.router.clone(), Arc::clone(&self.cors)).await.expect("the door answers")
    }

    /// The status of `GET /v1/status` with this token.
    async fn status(&self, from: &str, token: &str, headers: &[(&str, &str)]) -> u16 {
        let bearer = format!("Bearer {token}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        self.asked(from, Method::GET, "/v1/status", &all).await.status().as_u16()
    }
}

async fn code(answer: Response) -> String {
    let body = answer.into_body().collect().await.expect("the body has an end").to_bytes();
    let problem: Value = serde_json::from_slice(&body).expect("it is a problem");
    problem["code"].as_str().expect("a problem has a code").to_owned()
}

#[tokio::test]
async fn a_name_that_an_attacker_leads_to_this_machine_is_refused_with_a_right_token_too() {
    let door = Door::new(&[], 100);
    for host in ["localhost", "LOCALHOST:9000", "127.0.0.1:9000", "[::1]:9000", "10.1.2.3:9000", "api.example", "API.example:443"]
    {
        assert_eq!(door.status("127.0.0.1", ALICE, &[("host", host)]).await, 200, "{host}");
    }
    for host in
        ["evil.example", "evil.example:9000", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "api.example.evil"]
    {
        assert_eq!(door.status("127.0.0.1", ALICE, &[("host", host)]).await, 421, "{host}");
    }
    let twice = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(door.status("127.0.0.1", ALICE, &twice).await, 421);
    let refused = door.asked("127.0.0.1", Method::GET, "/v1/openapi.json", &[("host", "evil.example")]).await;
    assert_eq!(code(refused).await, "misdirected", "nothing is told");
    let absolute = door.asked("127.0.0.1", Method::GET, "http://evil.example/v1/openapi.json", &[]).await;
    assert_eq!(absolute.status(), 421, "the target counts too");
}

#[tokio::test]
async fn a_page_of_another_origin_can_neither_ask_nor_read() {
    let door = Door::new(&[], 100);
    let evil = ("origin", "https://evil.example");
    let ahead = [evil, ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization")];
    let preflight = door.asked("127.0.0.1", Method::OPTIONS, "/v1/shutdown", &ahead).await;
    assert!(!preflight.status().is_success(), "{preflight:?}");
    assert!(!preflight.headers().keys().any(|name| name.as_str().starts_with("access-control")), "{preflight:?}");
    // A browser sends a simple request without asking ahead, and no token by itself. A cookie is nothing.
    let simple = [evil, ("content-type", "text/plain"), ("cookie", "token=0123456789abcdef")];
    for path in ["/v1/shutdown", "/v1/swap", "/v1/rollback"] {
        let refused = door.asked("127.0.0.1", Method::POST, path, &simple).await;
        assert_eq!(code(refused).await, "unauthorized", "{path}");
    }
    let bearer = format!("Bearer {ALICE}");
    let read = door.asked("127.0.0.1", Method::GET, "/v1/status", &[evil, ("authorization", &bearer)]).await;
    assert!(read.status() == 200 && !read.headers().contains_key("access-control-allow-origin"), "no browser lets it read this");
    assert_eq!(
        (&read.headers()["cache-control"], &read.headers()["x-content-type-options"]),
        (&"no-store".parse().expect("a value"), &"nosniff".parse().expect("a value"))
    );
}

#[tokio::test]
async fn pages_of_an_admitted_origin_may_ask_ahead_and_read() {
    let door = Door::new(&["https://app.example"], 100);
    let ahead = |origin: &'static str| [("origin", origin), ("access-control-request-method", "DELETE")];
    let preflight = door.asked("127.0.0.1", Method::OPTIONS, "/v1/status", &ahead("https://app.example")).await;
    assert_eq!(
        (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
        (204, &"https://app.example".parse().expect("a value"))
    );
    assert!(preflight.headers()["access-control-allow-headers"].to_str().expect("it is text").contains("authorization"));
    assert!(!preflight.headers().contains_key("access-control-allow-credentials"), "there are no cookies to send");
    let refused = door.asked("127.0.0.1", Method::OPTIONS, "/v1/status", &ahead("https://evil.example")).await;
    assert!(!refused.status().is_success() && refused.headers()["vary"] == "origin", "{refused:?}");
    let read = door.asked("127.0.0.1", Method::GET, "/v1/status", &[("origin", "https://app.example")]).await;
    assert_eq!(
        (read.status().as_u16(), &read.headers()["access-control-allow-origin"]),
        (401, &"https://app.example".parse().expect("a value"))
    );
}

#[tokio::test]
async fn an_address_that_guesses_tokens_is_refused_with_a_right_one_too() {
    let door = Door::new(&[], 1000);
    for guess in 0..10 {
        assert_eq!(door.status("192.0.2.1", &format!("guess-number-{guess}"), &[]).await, 401);
    }
    let bearer = format!("Bearer {ALICE}");
    let refused = door.asked("192.0.2.1", Method::GET, "/v1/status", &[("authorization", &bearer)]).await;
    let wait: u64 = refused.headers()["retry-after"].to_str().expect("it is text").parse().expect("it is a number");
    assert!(refused.status() == 429 && (1..=6).contains(&wait), "{refused:?}");
    assert_eq!(code(refused).await, "too-many-requests");
    assert_eq!(door.status("192.0.2.2", ALICE, &[]).await, 200, "others go on");
}

#[tokio::test]
async fn a_token_has_its_rights_and_its_rate() {
    let door = Door::new(&[], 2);
    let asked = async |token: &str| {
        let bearer = format!("Bearer {token}");
        code(door.asked("192.0.2.1", Method::POST, "/v1/rollback", &[("authorization", &bearer)]).await).await
    };
    assert_eq!(asked(WATCHER).await, "forbidden");
    assert_eq!(asked(WATCHER).await, "forbidden");
    assert_eq!(asked(WATCHER).await, "too-many-requests");
    assert_eq!(asked(ALICE).await, "not-a-component", "it has a rate of its own");
}

#[tokio::test]
async fn a_token_comes_in_one_way_alone() {
    let door = Door::new(&[], 100);
    let by_query = format!("/v1/status?token={ALICE}&access_token={ALICE}");
    assert_eq!(door.asked("192.0.2.1", Method::GET, &by_query, &[]).await.status(), 401, "an address is kept in logs");
    for value in [ALICE, "Basic MDEyMzQ1Njc4OWFiY2RlZg==", "Bearer", "Bearer 0123456789abcde\u{e9}"] {
        let refused = door.asked("192.0.2.1", Method::GET, "/v1/status", &[("authorization", value)]).await;
        assert_eq!(refused.status(), 401, "{value}");
    }
    let bearer = format!("bearer {ALICE}");
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    assert_eq!(door.asked("192.0.2.1", Method::GET, "/v1/status", &twice).await.status(), 401);
    assert_eq!(door.asked("192.0.2.1", Method::GET, "/v1/status", &twice[..1]).await.status(), 200);
}
