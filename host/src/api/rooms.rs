//! The routes that show rooms, and send them events.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{MayRead, MaySend};
use super::clients::ClientList;
use super::input::{Page, Path, Query};
use super::problem::Problem;
use super::sending;
use super::service::Api;
use crate::inventory::RoomInfo;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(rooms)).routes(routes!(room)).routes(routes!(clients)).routes(routes!(event))
}

/// A part of the rooms.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoomList {
    /// The rooms, in the order of their names.
    pub rooms: Vec<RoomInfo>,
    /// The value of `after` for the next part, if there is one.
    pub next: Option<String>,
    /// The numbers of the cluster's nodes that have not answered in time: their rooms are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u16>,
}

/// A choice of rooms.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Choice {
    /// The beginning of the rooms' names.
    #[serde(default)]
    prefix: String,
}

/// The rooms
///
/// Those that are open, and those that are asleep: nobody is in them, and their state is kept.
#[utoipa::path(
    get, path = "/v1/rooms", tag = "Rooms", security(("token" = ["read"])), params(Page<String>, Choice),
    responses((status = 200, description = "A part of the rooms", body = RoomList))
)]
async fn rooms(
    _: MayRead,
    State(api): State<Api>,
    Query(page): Query<Page<String>>,
    Query(choice): Query<Choice>,
) -> Result<Json<RoomList>, Problem> {
    let rooms = api.handle().rooms(&choice.prefix, page.after.as_deref(), page.limit()).await?;
    Ok(Json(RoomList { rooms: rooms.entries, next: rooms.next, missing: rooms.missing }))
}

/// A room
#[utoipa::path(
    get, path = "/v1/rooms/{room}", tag = "Rooms", security(("token" = ["read"])), params(("room" = String, Path, description = "The room's name")),
    responses((status = 200, description = "The room", body = RoomInfo))
)]
async fn room(_: MayRead, State(api): State<Api>, Path(room): Path<String>) -> Result<Json<RoomInfo>, Problem> {
    Ok(Json(api.handle().room(&room).await?))
}

/// The clients of a room
///
/// A room that is asleep has none.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/clients", tag = "Rooms", security(("token" = ["read"])),
    params(("room" = String, Path, description = "The room's name"), Page<i64>),
    responses((status = 200, description = "A part of the clients", body = ClientList))
)]
async fn clients(
    _: MayRead,
    State(api): State<Api>,
    Path(room): Path<String>,
    Query(page): Query<Page<i64>>,
) -> Result<Json<ClientList>, Problem> {
    let clients = api.handle().clients_of_room(&room, page.after_client(), page.limit()).await?;
    Ok(Json(clients.into()))
}

/// How an event is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Beginning {
    /// Whether the room begins to exist with the event, if it does not exist.
    #[serde(default)]
    create: bool,
}

/// Send an event to a room
///
/// The application gets it in `on-event`, with the name of the token. It is not stored.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/events", tag = "Rooms", security(("token" = ["send"])),
    params(("room" = String, Path, description = "The room's name"), Beginning),
    request_body(content((String = "text/plain"), (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 202, description = "The room gets it"))
)]
async fn event(
    MaySend(caller): MaySend,
    State(api): State<Api>,
    Path(room): Path<String>,
    Query(beginning): Query<Beginning>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let message = sending::message(&api, request).await?;
    api.handle().send_event(&room, caller.name(), message, beginning.create).await?;
    Ok(StatusCode::ACCEPTED)
}
