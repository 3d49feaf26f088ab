//! Tests of the routes, without a door.

mod cluster;
mod people;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;
use tower_service::Service;

use super::caller::{Caller, Door, Right};
use super::router::{described, router};
use super::service::{Api, ReloadReport, ReloadRequest};
use crate::Server;

/// The routes of a server with a native app.
fn routes() -> Router {
    let server = Server::builder().port(0).on_new_client(|_, _| {}).build().expect("the server starts");
    router(Api::new(server.handle()))
}

async fn asked(router: &Router, method: Method, path: &str, right: Option<Right>) -> Response {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).expect("the request is valid");
    if let Some(right) = right {
        request.extensions_mut().insert(Caller::new("test", right, Door::Unix));
    }
    router.clone().call(request).await.expect("a router answers")
}

async fn json(response: Response) -> Value {
    let body = response.into_body().collect().await.expect("the body has an end").to_bytes();
    serde_json::from_slice(&body).expect("the body is JSON")
}

/// The operations of the document: method, path with values, and the right.
fn operations() -> Vec<(Method, String, Right)> {
    let document = serde_json::to_value(described().into_openapi()).expect("the document is JSON");
    let paths = document["paths"].as_object().expect("it has paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().filter_map(move |(method, operation)| {
            let right = operation["security"][0]["token"][0].as_str()?;
            let right = Right::ALL.into_iter().find(|known| known.name() == right).expect("it is a right");
            let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/");
            Some((method.to_uppercase().parse().expect("it is a method"), path, right))
        })
    });
    operations.collect()
}

#[tokio::test]
async fn a_route_takes_the_right_that_its_description_names() {
    let routes = routes();
    let operations = operations();
    assert!(operations.len() >= 5, "{operations:?}");
    for (method, path, right) in operations {
        let what = format!("{method} {path}");
        let refused = asked(&routes, method.clone(), &path, None).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(refused.headers()["www-authenticate"], "Bearer realm=\"ws-host\"", "{what}");
        for less in Right::ALL.into_iter().filter(|less| *less < right) {
            let refused = asked(&routes, method.clone(), &path, Some(less)).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{what} with {less:?}");
            assert_eq!(json(refused).await["code"], "forbidden", "{what}");
        }
        let taken = asked(&routes, method, &path, Some(right)).await.status();
        assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&taken), "{what}: {taken}");
    }
}

#[tokio::test]
async fn a_route_or_method_that_the_api_lacks_is_a_problem_for_programs() {
    let routes = routes();
    let missing = asked(&routes, Method::GET, "/v1/frobnicate", None).await;
    assert_eq!(missing.headers()["content-type"], "application/problem+json");
    let problem = json(missing).await;
    assert_eq!((&problem["code"], &problem["status"]), (&"not-found".into(), &404.into()));

    let wrong = asked(&routes, Method::DELETE, "/v1/status", Some(Right::Admin)).await;
    assert_eq!(
        (wrong.status(), &wrong.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET,HEAD".parse().expect("a value"))
    );
    assert_eq!(json(wrong).await["code"], "method-not-allowed");
}

#[tokio::test]
async fn the_api_describes_itself_to_everybody() {
    let document = json(asked(&routes(), Method::GET, "/v1/openapi.json", None).await).await;
    assert_eq!(document["openapi"], "3.1.0");
    let status = &document["paths"]["/v1/status"]["get"];
    assert_eq!(
        status["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"],
        "#/components/schemas/Problem"
    );
    assert!(document["components"]["schemas"]["Status"]["properties"]["rooms"].is_object());
}

#[tokio::test]
async fn a_native_app_has_a_state_and_no_release() {
    let routes = routes();
    let status = json(asked(&routes, Method::GET, "/v1/status", Some(Right::Read)).await).await;
    assert_eq!((&status["app"], &status["release"], &status["clients"]), (&"native".into(), &Value::Null, &0.into()));
    assert!(status["started_unix"].as_u64() > Some(1_700_000_000), "{status}");
    for path in ["/v1/rollback", "/v1/rollback?discard_state=true"] {
        let refused = json(asked(&routes, Method::POST, path, Some(Right::Admin)).await).await;
        assert_eq!((&refused["code"], &refused["status"]), (&"not-a-component".into(), &409.into()));
    }
    let wrong = json(asked(&routes, Method::POST, "/v1/rollback?discard_state=maybe", Some(Right::Admin)).await).await;
    assert_eq!(wrong["code"], "bad-request");
}

#[tokio::test]
async fn a_server_whose_program_reads_no_settings_refuses_to_read_them_again() {
    let refused = asked(&routes(), Method::POST, "/v1/reload", Some(Right::Admin)).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(json(refused).await["code"], "no-settings");
}

#[tokio::test]
async fn a_reload_is_answered_by_the_owner_of_the_settings() {
    let server = Server::builder().port(0).on_new_client(|_, _| {}).build().expect("the server starts");
    let (reloads, mut requests) = tokio::sync::mpsc::channel::<ReloadRequest>(1);
    let routes = router(Api::new(server.handle()).with_reloads(reloads));
    let mut answers = Vec::new();
    for outcome in [Ok(ReloadReport { changed: vec!["drain".into()], needs_restart: Vec::new() }), Err("line 3".to_owned())] {
        let answer = async { drop(requests.recv().await.expect("the route asks").send(outcome)) };
        let (response, ()) = tokio::join!(asked(&routes, Method::POST, "/v1/reload", Some(Right::Admin)), answer);
        answers.push((response.status(), json(response).await));
    }
    assert_eq!(answers[0], (StatusCode::OK, serde_json::json!({ "changed": ["drain"], "needs_restart": [] })));
    assert_eq!((answers[1].0, &answers[1].1["detail"]), (StatusCode::CONFLICT, &Value::from("line 3")));
    drop(requests);
    let refused = asked(&routes, Method::POST, "/v1/reload", Some(Right::Admin)).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "the owner has gone");
}
