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
use crate::log::{is_harmful, printable};
use crate::swap::{ClusterRelease, Handover, ReleaseInfo, Source, SwapReport};

/// The media type of a component.
const WASM: &str = "application/wasm";

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
    /// The release of the cluster, if the server is a node of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterRelease>,
}

/// The releases
///
/// The one that runs, and those that the server has kept.
#[utoipa::path(get, path = "/v1/releases", tag = "Releases", security(("token" = ["read"])), responses((status = 200, description = "The releases", body = ReleaseList)))]
async fn releases(_: MayRead, State(api): State<Api>) -> Result<Json<ReleaseList>, Problem> {
    let history = api.handle().history()?;
    Ok(Json(ReleaseList { running: history.release, previous: history.previous, cluster: history.cluster }))
}

/// How a release changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Change {
    /// Whether the new instances start without the rooms' states.
    #[serde(default)]
    discard_state: bool,
}

/// How a component is swapped in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Swap {
    /// Whether the new instances start without the rooms' states.
    #[serde(default)]
    discard_state: bool,
    /// The name of an uploaded component, for reports and the log: by default `upload.wasm`.
    #[param(min_length = 1, max_length = 255)]
    name: Option<String>,
}

fn handover(discard_state: bool) -> Handover {
    if discard_state { Handover::Discard } else { Handover::Snapshot }
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
/// The clients stay connected. The body is the component. By the admin socket alone it may be the path of its file instead, which the server
/// reads itself. One component is uploaded at a time.
#[utoipa::path(
    post, path = "/v1/swap", tag = "Releases", security(("token" = ["admin"])), params(Swap),
    request_body(content((Vec<u8> = "application/wasm"), (SwapToFile = "application/json"))),
    responses((status = 200, description = "The other component runs", body = SwapReport))
)]
async fn swap(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Query(Swap { discard_state, name }): Query<Swap>,
    request: Request,
) -> Result<Json<SwapReport>, Problem> {
    // Held until the swap is done: the bytes are in memory as long.
    let mut uploading = None;
    let component = match input::media_type(request.headers()) {
        Some(WASM) => {
            uploading = Some(api.upload()?);
            Source::Bytes(upload_name(name)?, input::read(request.into_body(), api.max_upload()).await?)
        }
        Some(input::JSON) if caller.door() == Door::Unix => {
            let SwapToFile { path } = input::json(request).await?;
            if !path.is_absolute() {
                return Err(Problem::bad_request("the path must be absolute: the server has its own working directory"));
            }
            Source::File(path)
        }
        Some(input::JSON) => return Err(Problem::forbidden(format!("only the admin socket takes a path: upload it as {WASM}"))),
        _ => return Err(Problem::unsupported_media_type(format!("the body must be of the type {WASM}"))),
    };
    let outcome = api.handle().change(component, handover(discard_state)).await;
    drop(uploading);
    changed(outcome, &caller)
}

/// Checks the name of an upload: it is shown as the name of a file.
fn upload_name(name: Option<String>) -> Result<String, Problem> {
    let name = name.unwrap_or_else(|| "upload.wasm".to_owned());
    let is_name = (1..=255).contains(&name.len()) && name != "." && name != ".." && !name.contains('/');
    if is_name && !name.contains(is_harmful) {
        Ok(name)
    } else {
        Err(Problem::bad_request("the name must be one of a file, without a folder and without control characters"))
    }
}

/// Go back to the previous release
///
/// The clients stay connected.
#[utoipa::path(
    post, path = "/v1/rollback", tag = "Releases", security(("token" = ["admin"])), params(Change),
    responses((status = 200, description = "The previous release runs", body = SwapReport))
)]
async fn rollback(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Query(Change { discard_state }): Query<Change>,
) -> Result<Json<SwapReport>, Problem> {
    changed(api.handle().go_back(handover(discard_state)).await, &caller)
}

/// Logs a change of the release, or its refusal. Only the caller gets the answer.
fn changed(outcome: Result<SwapReport, Error>, caller: &Caller) -> Result<Json<SwapReport>, Problem> {
    match &outcome {
        Ok(SwapReport { from, to, .. }) => tracing::info!("swapped from {from} to {to}, as {caller} asked"),
        Err(error) => tracing::warn!("not swapped, though {caller} asked: {}", printable(&error.to_string())),
    }
    Ok(Json(outcome?))
}
