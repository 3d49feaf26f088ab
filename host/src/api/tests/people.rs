//! The routes of rooms, clients, users and messages, on a server that nobody is connected to.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower_service::Service;

use super::{asked, json, routes};
use crate::api::caller::{Caller, Door, Right};

/// The status and the body of the answer.
async fn answer(router: &Router, method: Method, path: &str, body: (&str, &[u8])) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", body.0);
    let mut request = request.body(Body::from(body.1.to_vec())).expect("the request is valid");
    request.extensions_mut().insert(Caller::new("test", Right::Admin, Door::Unix));
    let response = router.clone().call(request).await.expect("a router answers");
    (response.status().as_u16(), json(response).await)
}

async fn sent(router: &Router, path: &str, media_type: &str, body: &[u8]) -> (u16, Value) {
    answer(router, Method::POST, path, (media_type, body)).await
}

async fn shown(router: &Router, path: &str) -> Value {
    json(asked(router, Method::GET, path, Some(Right::Read)).await).await
}

#[tokio::test]
async fn the_body_of_a_message_is_text_or_bytes_by_its_media_type() {
    let routes = routes();
    for (media_type, body) in [("text/plain", "hello"), ("TEXT/HTML; charset=utf-8", "<p>"), ("application/json", "{}")] {
        assert_eq!(sent(&routes, "/v1/messages", media_type, body.as_bytes()).await, (200, json!({ "clients": 0 })));
    }
    assert_eq!(sent(&routes, "/v1/messages", "application/octet-stream", &[255]).await.0, 200);
    for (media_type, body, status, code) in [
        ("text/plain", &[255][..], 400, "bad-request"),
        ("image/png", b"x", 415, "unsupported-media-type"),
        ("text/plain", &[b'x'; (1 << 20) + 1], 413, "too-large"),
    ] {
        let (refused, problem) = sent(&routes, "/v1/messages", media_type, body).await;
        assert_eq!((refused, &problem["code"]), (status, &code.into()), "{problem}");
    }
}

#[tokio::test]
async fn a_missing_room_client_or_user_is_named_by_its_kind() {
    let routes = routes();
    let (text, no_body) = (("text/plain", &b"x"[..]), ("text/plain", &b""[..]));
    for (method, path, body, code) in [
        (Method::GET, "/v1/rooms/blue", no_body, "no-such-room"),
        (Method::GET, "/v1/rooms/blue/clients", no_body, "no-such-room"),
        (Method::POST, "/v1/rooms/blue/messages", text, "no-such-room"),
        (Method::POST, "/v1/rooms/blue/topics/t/messages", text, "no-such-room"),
        (Method::POST, "/v1/rooms/blue/events", text, "no-such-room"),
        (Method::DELETE, "/v1/rooms/blue/clients", no_body, "no-such-room"),
        (Method::GET, "/v1/clients/7", no_body, "no-such-client"),
        (Method::POST, "/v1/clients/7/messages", text, "no-such-client"),
        (Method::DELETE, "/v1/clients/7", no_body, "no-such-client"),
        (Method::GET, "/v1/users/ann", no_body, "no-such-user"),
        (Method::POST, "/v1/users/ann/messages", text, "no-such-user"),
        (Method::DELETE, "/v1/users/ann", no_body, "no-such-user"),
    ] {
        let (status, problem) = answer(&routes, method, path, body).await;
        assert_eq!((status, &problem["code"]), (404, &code.into()), "{path}");
    }
}

#[tokio::test]
async fn lists_have_parts_and_a_wrong_part_is_a_bad_request() {
    let routes = routes();
    let rooms = shown(&routes, "/v1/rooms").await;
    assert_eq!(
        (&rooms["rooms"][0]["name"], &rooms["rooms"][0]["state"], &rooms["next"]),
        (&"main".into(), &"open".into(), &Value::Null)
    );
    assert_eq!(shown(&routes, "/v1/rooms?after=main&limit=1").await, json!({ "rooms": [], "next": null }));
    assert_eq!(shown(&routes, "/v1/rooms?prefix=x").await, json!({ "rooms": [], "next": null }));
    assert_eq!(shown(&routes, "/v1/rooms/main").await["clients"], 0);
    assert_eq!(shown(&routes, "/v1/rooms/main/clients?after=3").await, json!({ "clients": [], "next": null }));
    assert_eq!(shown(&routes, "/v1/clients?user=ann&limit=1000").await, json!({ "clients": [], "next": null }));
    assert_eq!(shown(&routes, "/v1/users").await, json!({ "users": [], "next": null }));
    for wrong in ["/v1/rooms?limit=0", "/v1/rooms?limit=1001", "/v1/clients?after=x", "/v1/clients/x"] {
        assert_eq!(shown(&routes, wrong).await["code"], "bad-request", "{wrong}");
    }
}

#[tokio::test]
async fn a_close_needs_a_code_that_may_be_sent_and_a_reason_that_fits() {
    let routes = routes();
    let too_long = format!("/v1/clients?reason={}", "x".repeat(124));
    for wrong in ["/v1/clients?code=1005", "/v1/clients?code=70000", "/v1/clients?why=x", &too_long] {
        let (status, problem) = answer(&routes, Method::DELETE, wrong, ("text/plain", b"")).await;
        assert_eq!((status, &problem["code"]), (400, &"bad-request".into()), "{wrong}");
    }
    let closed = answer(&routes, Method::DELETE, "/v1/clients?code=4000&reason=out", ("text/plain", b"")).await;
    assert_eq!(closed, (200, json!({ "clients": 0 })));
}

#[tokio::test]
async fn an_app_without_a_handler_of_events_refuses_them() {
    let (status, problem) = sent(&routes(), "/v1/rooms/main/events?create=true", "text/plain", b"x").await;
    assert_eq!((status, &problem["code"]), (409, &"no-events".into()));
}

#[tokio::test]
async fn new_clients_are_denied_and_admitted_again() {
    let routes = routes();
    assert_eq!(shown(&routes, "/v1/admission").await, json!({ "admit": true }));
    for admit in [false, true] {
        let body = json!({ "admit": admit });
        let changed = answer(&routes, Method::PUT, "/v1/admission", ("application/json", body.to_string().as_bytes())).await;
        assert_eq!((changed, shown(&routes, "/v1/admission").await), ((200, body.clone()), body));
    }
    let wrong = answer(&routes, Method::PUT, "/v1/admission", ("application/json", br#"{"admit": "no"}"#)).await;
    assert_eq!((wrong.0, &wrong.1["code"]), (400, &"bad-request".into()));
}
