//! The routes for monitoring: metrics and probes. They take no right, since a balancer or a scraper has none to show, and they tell nothing of
//! any client.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::Api;
use crate::metrics::MEDIA_TYPE;

/// An answer in one line.
type Line = (StatusCode, &'static str);

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(metrics)).routes(routes!(healthz)).routes(routes!(readyz))
}

/// These routes alone.
pub fn router(api: Api) -> Router {
    let nothing = async || (StatusCode::NOT_FOUND, "here are /metrics, /healthz and /readyz\n");
    routes().split_for_parts().0.fallback(nothing).with_state(api)
}

/// The numbers of the server
///
/// In Prometheus' text format, version 0.0.4.
#[utoipa::path(get, path = "/metrics", tag = "Monitoring", security(()), responses((status = 200, description = "The numbers", body = String, content_type = "text/plain")))]
async fn metrics(State(api): State<Api>) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, MEDIA_TYPE)], api.handle().metrics().await.to_string())
}

/// Whether the process answers
#[utoipa::path(get, path = "/healthz", tag = "Monitoring", security(()), responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
async fn healthz() -> Line {
    (StatusCode::OK, "ok\n")
}

/// Whether new clients may be sent here
///
/// Not from the moment the server is told to end, nor while it denies new clients. A node of a cluster that has no lease sends them elsewhere
/// too: their rooms would wait here.
#[utoipa::path(get, path = "/readyz", tag = "Monitoring", security(()), responses(
    (status = 200, description = "They may", body = String, content_type = "text/plain"),
    (status = 503, description = "They may not", body = String, content_type = "text/plain"),
))]
async fn readyz(State(api): State<Api>) -> Line {
    let handle = api.handle();
    if !handle.is_serving() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if !handle.is_admitting() {
        (StatusCode::SERVICE_UNAVAILABLE, "new clients are denied\n")
    } else if !handle.has_lease() {
        (StatusCode::SERVICE_UNAVAILABLE, "this node has no lease in its cluster: NATS does not answer\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}
