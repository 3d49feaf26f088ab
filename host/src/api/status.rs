//! The route that tells the server's state.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MayRead;
use super::problem::Problem;
use super::service::Api;
use crate::status::Status;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(status))
}

/// The state of the server
///
/// The running release, and the counts.
#[utoipa::path(get, path = "/v1/status", tag = "Server", security(("token" = ["read"])), responses((status = 200, description = "The state", body = Status)))]
async fn status(_: MayRead, State(api): State<Api>) -> Result<Json<Status>, Problem> {
    Ok(Json(api.handle().status().await?))
}
