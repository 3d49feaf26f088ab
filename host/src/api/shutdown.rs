//! The route that ends the server.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MayAdminister;
use super::service::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(shutdown))
}

/// End the server
///
/// It stops accepting, closes its clients with 1001, and ends when they are gone, at the latest after its drain timeout.
#[utoipa::path(post, path = "/v1/shutdown", tag = "Server", security(("token" = ["admin"])), responses((status = 202, description = "It ends")))]
async fn shutdown(MayAdminister(caller): MayAdminister, State(api): State<Api>) -> StatusCode {
    tracing::info!("stopping, as {caller} asked");
    api.handle().shutdown();
    StatusCode::ACCEPTED
}
