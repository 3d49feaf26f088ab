//! All routes of the API, and their description.

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::dashboard::dashboard;
use super::document::{DOCUMENT_PATH, Description, served};
use super::problem::Problem;
use super::service::Api;
use super::{clients, disconnecting, health, log, releases, reload, rooms, sending, shutdown, status, traps};

/// The routes of a server.
pub fn router(api: Api) -> Router {
    let (router, document) = described().split_for_parts();
    let document = served(document);
    router
        .route("/", get(dashboard))
        .route(DOCUMENT_PATH, get(async move || document.clone()))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .with_state(api)
}

/// The routes that the document describes: all of them but itself. A new group is added here.
pub(super) fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(status::routes())
        .merge(releases::routes())
        .merge(reload::routes())
        .merge(shutdown::routes())
        .merge(log::routes())
        .merge(traps::routes())
        .merge(rooms::routes())
        .merge(clients::routes())
        .merge(sending::routes())
        .merge(disconnecting::routes())
        .merge(health::routes())
}

async fn no_such_route(uri: Uri) -> Problem {
    Problem::no_such("not-found", "Not found", format!("the API has no {}: {DOCUMENT_PATH} lists its routes", uri.path()))
}

async fn no_such_method() -> Problem {
    let detail = "this route does not take this method: the header Allow lists those that it takes";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
}
