//! The routes that close clients, and admit new ones.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{Caller, MayAdminister, MayRead};
use super::input::{self, Path, Query};
use super::problem::Problem;
use super::service::Api;
use crate::inventory::{Reached, Receivers};
use crate::types::CloseInfo;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(all))
        .routes(routes!(room))
        .routes(routes!(client))
        .routes(routes!(user))
        .routes(routes!(admission, admit))
}

/// The close frame that clients get.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Closing {
    /// The close code: 1000 to 1003, 1007 to 1014, or 3000 to 4999. By default 1001.
    #[param(schema_with = close_code)]
    code: Option<u16>,
    /// The reason, of at most 123 bytes.
    reason: Option<String>,
}

/// The codes that may be sent (RFC 6455 §7.4).
fn close_code() -> Schema {
    let range =
        |first: i32, last: i32| ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(first)).maximum(Some(last)).build();
    OneOfBuilder::new().item(range(1000, 1003)).item(range(1007, 1014)).item(range(3000, 4999)).build().into()
}

async fn close(api: &Api, who: Receivers, closing: Closing, caller: &Caller) -> Result<Json<Reached>, Problem> {
    let default = CloseInfo::disconnected();
    let reason = closing.reason.or_else(|| closing.code.is_none().then(|| default.reason.to_string()));
    let closed = api.handle().close(who, closing.code.unwrap_or(default.code), &reason.unwrap_or_default());
    let reached = closed.await?;
    tracing::info!(clients = reached.clients, "disconnected, as {caller} asked");
    Ok(Json(reached))
}

/// Disconnect all clients
///
/// They may come again, unless new clients are denied.
#[utoipa::path(
    delete, path = "/v1/clients", tag = "Clients", security(("token" = ["admin"])), params(Closing),
    responses((status = 200, description = "They are closed", body = Reached))
)]
async fn all(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Query(closing): Query<Closing>,
) -> Result<Json<Reached>, Problem> {
    close(&api, Receivers::All, closing, &caller).await
}

/// Disconnect the clients of a room
#[utoipa::path(
    delete, path = "/v1/rooms/{room}/clients", tag = "Rooms", security(("token" = ["admin"])),
    params(("room" = String, Path, description = "The room's name"), Closing),
    responses((status = 200, description = "They are closed", body = Reached))
)]
async fn room(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Path(room): Path<String>,
    Query(closing): Query<Closing>,
) -> Result<Json<Reached>, Problem> {
    close(&api, Receivers::Room(room), closing, &caller).await
}

/// Disconnect a client
#[utoipa::path(
    delete, path = "/v1/clients/{id}", tag = "Clients", security(("token" = ["admin"])),
    params(("id" = u64, Path, description = "The client's id"), Closing),
    responses((status = 200, description = "It is closed", body = Reached))
)]
async fn client(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Path(id): Path<u64>,
    Query(closing): Query<Closing>,
) -> Result<Json<Reached>, Problem> {
    close(&api, Receivers::Client(id.into()), closing, &caller).await
}

/// Disconnect the clients of a user
#[utoipa::path(
    delete, path = "/v1/users/{user}", tag = "Clients", security(("token" = ["admin"])),
    params(("user" = String, Path, description = "The user's name"), Closing),
    responses((status = 200, description = "They are closed", body = Reached))
)]
async fn user(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    Path(user): Path<String>,
    Query(closing): Query<Closing>,
) -> Result<Json<Reached>, Problem> {
    close(&api, Receivers::User(user), closing, &caller).await
}

/// The admission of new clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// Whether new clients are admitted. Others are refused with HTTP status 503.
    pub admit: bool,
}

/// Whether new clients are admitted
#[utoipa::path(
    get, path = "/v1/admission", tag = "Clients", security(("token" = ["read"])),
    responses((status = 200, description = "Whether they are", body = Admission))
)]
async fn admission(_: MayRead, State(api): State<Api>) -> Json<Admission> {
    Json(Admission { admit: api.handle().is_admitting() })
}

/// Admit or deny new clients
///
/// Clients that are connected stay.
#[utoipa::path(
    put, path = "/v1/admission", tag = "Clients", security(("token" = ["admin"])), request_body = Admission,
    responses((status = 200, description = "Whether they are admitted now", body = Admission))
)]
async fn admit(
    MayAdminister(caller): MayAdminister,
    State(api): State<Api>,
    input::Json(admission): input::Json<Admission>,
) -> Json<Admission> {
    if admission.admit {
        api.handle().allow_new_clients();
    } else {
        api.handle().deny_new_clients();
    }
    let what = if admission.admit { "admitted" } else { "denied" };
    tracing::info!("new clients are {what}, as {caller} asked");
    Json(admission)
}
