//! The routes of a node of a cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{asked, json as body};
use crate::api::caller::Right;
use crate::api::router::router;
use crate::api::service::Api;
use crate::handle::tests::nodes::{Network, TestNode, node};

/// The routes of a node with another one beside it, and one that never answers.
fn three() -> (Router, [TestNode; 2]) {
    let network = Arc::<Network>::default();
    let nodes = [node(&network, 1, &[("/a", 1)], &[]), node(&network, 2, &[("/b", 1)], &[(1, "/b", Some("ann"))])];
    network.has_silent(3);
    (router(Api::new(nodes[0].handle.clone())), nodes)
}

async fn shown(router: &Router, path: &str) -> Value {
    body(asked(router, Method::GET, path, Some(Right::Admin)).await).await
}

#[tokio::test]
async fn an_answer_names_the_nodes_that_are_missing_in_it() {
    let (routes, _nodes) = three();
    for path in ["/v1/rooms", "/v1/rooms/%2Fb/clients", "/v1/clients", "/v1/users", "/v1/users/ann"] {
        assert_eq!(shown(&routes, path).await["missing"], json!([3]), "{path}");
    }
    let rooms = shown(&routes, "/v1/rooms").await;
    assert_eq!((&rooms["rooms"][1]["name"], &rooms["rooms"][1]["node"]), (&json!("/b"), &json!(2)));
    let closed = body(asked(&routes, Method::DELETE, "/v1/clients", Some(Right::Admin)).await).await;
    assert_eq!(closed, json!({ "clients": 1, "missing": [3] }));
    let status = shown(&routes, "/v1/status").await;
    assert_eq!((&status["cluster"]["nodes"][1]["clients"], &status["cluster"]["missing"]), (&json!(1), &json!([3])));
    let room = shown(&routes, "/v1/rooms/%2Fnone").await;
    assert_eq!((&room["code"], &room["status"]), (&json!("no-answer"), &json!(503)));
}

#[tokio::test]
async fn a_server_by_itself_tells_of_no_nodes() {
    let routes = super::routes();
    assert_eq!(shown(&routes, "/v1/clients").await, json!({ "clients": [], "next": null }));
    assert!(shown(&routes, "/v1/rooms").await["rooms"][0].get("node").is_none());
    assert!(shown(&routes, "/v1/status").await.get("cluster").is_none());
}

#[tokio::test]
async fn a_node_without_a_lease_is_not_ready() {
    let (routes, [node, _other]) = three();
    let ready = async || {
        let answer = asked(&routes, Method::GET, "/readyz", None).await;
        (answer.status(), answer.into_body().collect().await.expect("the body has an end").to_bytes())
    };
    assert_eq!(ready().await.0, StatusCode::OK);
    node.wire.is_held.store(false, Relaxed);
    let (status, text) = ready().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.starts_with(b"this node has no lease in its cluster"), "{text:?}");
}
