//! The route that has the server's settings read again.

use axum::Json;
use axum::extract::State;
use tokio::sync::oneshot;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MayAdminister;
use super::problem::Problem;
use super::service::{Api, ReloadReport};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(reload))
}

/// Read the settings again
///
/// Settings that can change while the server runs do, and the others are named. The certificates are loaded again, and the component if its file
/// has changed. Settings with a mistake change nothing.
#[utoipa::path(post, path = "/v1/reload", tag = "Server", security(("token" = ["admin"])), responses((status = 200, description = "The settings that have changed", body = ReloadReport)))]
async fn reload(MayAdminister(caller): MayAdminister, State(api): State<Api>) -> Result<Json<ReloadReport>, Problem> {
    let Some(reloads) = api.reloads() else {
        return Err(Problem::conflict("no-settings", "No settings", "the program that runs this server reads no settings again"));
    };
    tracing::info!("reading the settings again, as {caller} asked");
    let stopping = || Problem::unavailable("stopping", "Stopping", "the server shuts down");
    let (answer, report) = oneshot::channel();
    reloads.send(answer).await.map_err(|_| stopping())?;
    let report = report.await.map_err(|_| stopping())?;
    report.map(Json).map_err(|reason| Problem::conflict("refused", "Refused", reason))
}
