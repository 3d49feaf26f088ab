//! The route that lists the last failures of the app.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MayRead;
use super::service::Api;
use crate::shard::Trap;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(traps))
}

/// The last failures of the app.
#[derive(Debug, Serialize, ToSchema)]
struct TrapList {
    /// At most 50, the newest first.
    traps: Vec<Trap>,
}

/// The last failures
///
/// The last 50 failures of the app, the newest first, with their backtraces.
#[utoipa::path(get, path = "/v1/traps", tag = "Server", security(("token" = ["read"])), responses((status = 200, description = "The failures", body = TrapList)))]
async fn traps(_: MayRead, State(api): State<Api>) -> Json<TrapList> {
    Json(TrapList { traps: api.handle().last_traps() })
}
