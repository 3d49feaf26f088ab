//! The routes that see and change the release.

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{Caller, Door, MayAdminister, MayRead};
use super::input::{self, Query};
use super::problem::Problem;
use super::service::Api;
use crate::error::Error;
use crate::log::printable;
use crate::swap::{Handover, ReleaseInfo, SwapReport};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(releases)).routes(routes!(swap)).routes(routes!(rollback))
}

/// The releases of a server.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReleaseList {
    /// The release that runs.
    pub running: ReleaseInfo,
    /// Those before it, the last one first. A rollback goes back to the first of them.
    pub previous: Vec<ReleaseInfo>,
}

/// The releases
///
/// The one that runs, and those that the server has kept.
#[utoipa::path(get, path = "/v1/releases", tag = "Releases", security(("token" = ["read"])), responses((status = 200, description = "The releases", body = ReleaseList)))]
async fn releases(_: MayRead, State(api): State<Api>) -> Result<Json<ReleaseList>, Problem> {
    let history = api.handle().history()?;
    Ok(Json(ReleaseList { running: history.release, previous: history.previous }))
}

/// How the state of the rooms is handed over.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Handing {
    /// Whether the new instances start without the rooms' states.
    #[serde(default)]
    discard_state: bool,
}

impl Handing {
    fn over(&self) -> Handover {
        if self.discard_state { Handover::Discard } else { Handover::Snapshot }
    }
}

/// A component in a file of the server's machine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwapToFile {
    /// Its absolute path.
    #[schema(value_type = String)]
    path: PathBuf,
}

/// Swap to another component
///
/// The clients stay connected. The server reads the file itself, so only the admin socket takes a path.
#[utoipa::path(
    post, path = "/v1/swap", tag = "Releases", security(("token" = ["admin"])), params(Handing), request_body = SwapToFile,
    responses((status = 200, description = "The other component runs", body = SwapReport))
)]
async fn swap(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Query(handing): Query<Handing>,
    request: Request,
) -> Result<Json<SwapReport>, Problem> {
    if caller.door() != Door::Unix {
        return Err(Problem::forbidden("only the admin socket takes a path"));
    }
    let SwapToFile { path } = input::json(request).await?;
    if !path.is_absolute() {
        return Err(Problem::bad_request("the path must be absolute: the server has its own working directory"));
    }
    changed(api.handle().change(&path, handing.over()).await, &caller)
}

/// Go back to the previous release
///
/// The clients stay connected.
#[utoipa::path(
    post, path = "/v1/rollback", tag = "Releases", security(("token" = ["admin"])), params(Handing),
    responses((status = 200, description = "The previous release runs", body = SwapReport))
)]
async fn rollback(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Query(handing): Query<Handing>,
) -> Result<Json<SwapReport>, Problem> {
    changed(api.handle().go_back(handing.over()).await, &caller)
}

/// Logs a change of the release, or its refusal. Only the caller gets the answer.
fn changed(outcome: Result<SwapReport, Error>, caller: &Caller) -> Result<Json<SwapReport>, Problem> {
    match &outcome {
        Ok(SwapReport { from, to, .. }) => tracing::info!("swapped from {from} to {to}, as {caller} asked"),
        Err(error) => tracing::warn!("not swapped, though {caller} asked: {}", printable(&error.to_string())),
    }
    Ok(Json(outcome?))
}
