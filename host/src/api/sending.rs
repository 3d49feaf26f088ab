//! The routes that send messages to clients.

use axum::Json;
use axum::extract::{Request, State};
use bytestring::ByteString;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MaySend;
use super::input::{self, JSON, Path};
use super::problem::Problem;
use super::service::Api;
use crate::inventory::{Reached, Receivers};
use crate::types::Message;

/// The media type of a binary message.
const BINARY: &str = "application/octet-stream";

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(to_all))
        .routes(routes!(to_room))
        .routes(routes!(to_topic))
        .routes(routes!(to_client))
        .routes(routes!(to_user))
}

/// The message in the body of a request. Text and JSON are a text message, bytes a binary one.
///
/// # Errors
/// Its media type is another one, it is too long, or a text is not UTF-8.
pub async fn message(api: &Api, request: Request) -> Result<Message, Problem> {
    let media_type = input::media_type(request.headers()).unwrap_or_default().to_ascii_lowercase();
    let is_text = media_type.starts_with("text/") || media_type == JSON;
    if !is_text && media_type != BINARY {
        let detail = format!("the body is the message: its Content-Type must be text/plain, {JSON} or {BINARY}");
        return Err(Problem::unsupported_media_type(detail));
    }
    let body = input::read(request.into_body(), api.handle().max_message_bytes()).await?;
    if !is_text {
        return Ok(Message::Binary(body));
    }
    let text = ByteString::try_from(body);
    text.map(Message::Text).map_err(|_| Problem::bad_request(format!("the text is not UTF-8. Send bytes as {BINARY}")))
}

async fn send(api: &Api, to: Receivers, request: Request) -> Result<Json<Reached>, Problem> {
    let message = message(api, request).await?;
    Ok(Json(api.handle().deliver(to, message).await?))
}

/// Send a message to all clients
#[utoipa::path(
    post, path = "/v1/messages", tag = "Messages", security(("token" = ["send"])),
    request_body(content((String = "text/plain"), (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, description = "It is queued", body = Reached))
)]
async fn to_all(_: MaySend, State(api): State<Api>, request: Request) -> Result<Json<Reached>, Problem> {
    send(&api, Receivers::All, request).await
}

/// Send a message to the clients of a room
#[utoipa::path(
    post, path = "/v1/rooms/{room}/messages", tag = "Messages", security(("token" = ["send"])),
    params(("room" = String, Path, description = "The room's name")),
    request_body(content((String = "text/plain"), (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, description = "It is queued", body = Reached))
)]
async fn to_room(
    _: MaySend,
    State(api): State<Api>,
    Path(room): Path<String>,
    request: Request,
) -> Result<Json<Reached>, Problem> {
    send(&api, Receivers::Room(room), request).await
}

/// Send a message to the subscribers of a topic
#[utoipa::path(
    post, path = "/v1/rooms/{room}/topics/{topic}/messages", tag = "Messages", security(("token" = ["send"])),
    params(("room" = String, Path, description = "The room's name"), ("topic" = String, Path, description = "The topic's name")),
    request_body(content((String = "text/plain"), (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, description = "It is queued", body = Reached))
)]
async fn to_topic(
    _: MaySend,
    State(api): State<Api>,
    Path((room, topic)): Path<(String, String)>,
    request: Request,
) -> Result<Json<Reached>, Problem> {
    send(&api, Receivers::Topic { room, topic }, request).await
}

/// Send a message to a client
#[utoipa::path(
    post, path = "/v1/clients/{id}/messages", tag = "Messages", security(("token" = ["send"])),
    params(("id" = u64, Path, description = "The client's id")),
    request_body(content((String = "text/plain"), (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, description = "It is queued", body = Reached))
)]
async fn to_client(_: MaySend, State(api): State<Api>, Path(id): Path<u64>, request: Request) -> Result<Json<Reached>, Problem> {
    send(&api, Receivers::Client(id.into()), request).await
}

/// Send a message to the clients of a user
#[utoipa::path(
    post, path = "/v1/users/{user}/messages", tag = "Messages", security(("token" = ["send"])),
    params(("user" = String, Path, description = "The user's name")),
    request_body(content((String = "text/plain"), (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, description = "It is queued", body = Reached))
)]
async fn to_user(
    _: MaySend,
    State(api): State<Api>,
    Path(user): Path<String>,
    request: Request,
) -> Result<Json<Reached>, Problem> {
    send(&api, Receivers::User(user), request).await
}
