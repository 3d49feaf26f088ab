//! The routes that show clients and users.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::MayRead;
use super::input::{Page, Path, Query};
use super::problem::Problem;
use super::service::Api;
use crate::inventory::{self, ClientInfo, UserInfo};
use crate::types::ClientId;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(clients)).routes(routes!(client)).routes(routes!(users)).routes(routes!(user))
}

/// A part of the clients.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClientList {
    /// The clients, in the order of their ids.
    pub clients: Vec<ClientInfo>,
    /// The value of `after` for the next part, if there is one.
    pub next: Option<u64>,
    /// The numbers of the cluster's nodes that have not answered in time: their clients are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u16>,
}

impl From<inventory::Page<ClientInfo, ClientId>> for ClientList {
    fn from(page: inventory::Page<ClientInfo, ClientId>) -> Self {
        Self { clients: page.entries, next: page.next.map(ClientId::get), missing: page.missing }
    }
}

/// A part of the users.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    /// The users, in the order of their names.
    pub users: Vec<UserInfo>,
    /// The value of `after` for the next part, if there is one.
    pub next: Option<String>,
    /// The numbers of the cluster's nodes that have not answered in time: their clients are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u16>,
}

/// A user, with a part of its clients.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserClients {
    /// The user's name.
    pub name: String,
    /// Its clients, in the order of their ids.
    pub clients: Vec<ClientInfo>,
    /// The value of `after` for the next part, if there is one.
    pub next: Option<u64>,
    /// The numbers of the cluster's nodes that have not answered in time: their clients are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u16>,
}

/// A choice of clients.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Choice {
    /// The user whose clients are asked for.
    user: Option<String>,
}

/// The clients
///
/// Those of all rooms. Their topics are told of a single client.
#[utoipa::path(
    get, path = "/v1/clients", tag = "Clients", security(("token" = ["read"])), params(Page<i64>, Choice),
    responses((status = 200, description = "A part of the clients", body = ClientList))
)]
async fn clients(
    _: MayRead,
    State(api): State<Api>,
    Query(page): Query<Page<i64>>,
    Query(choice): Query<Choice>,
) -> Result<Json<ClientList>, Problem> {
    let after = page.after_client();
    Ok(Json(api.handle().list_clients(choice.user.as_deref(), after, page.limit()).await?.into()))
}

/// A client
///
/// Its topics are left out while a handler of its room takes longer than a second.
#[utoipa::path(
    get, path = "/v1/clients/{id}", tag = "Clients", security(("token" = ["read"])), params(("id" = u64, Path, description = "The client's id")),
    responses((status = 200, description = "The client", body = ClientInfo))
)]
async fn client(_: MayRead, State(api): State<Api>, Path(id): Path<u64>) -> Result<Json<ClientInfo>, Problem> {
    Ok(Json(api.handle().client(id.into()).await?))
}

/// The users
///
/// Those that the application's gate has named, and that have clients.
#[utoipa::path(
    get, path = "/v1/users", tag = "Clients", security(("token" = ["read"])), params(Page<String>),
    responses((status = 200, description = "A part of the users", body = UserList))
)]
async fn users(_: MayRead, State(api): State<Api>, Query(page): Query<Page<String>>) -> Json<UserList> {
    let users = api.handle().users(page.after.as_deref(), page.limit()).await;
    Json(UserList { users: users.entries, next: users.next, missing: users.missing })
}

/// A user
#[utoipa::path(
    get, path = "/v1/users/{user}", tag = "Clients", security(("token" = ["read"])),
    params(("user" = String, Path, description = "The user's name"), Page<i64>),
    responses((status = 200, description = "The user", body = UserClients))
)]
async fn user(
    _: MayRead,
    State(api): State<Api>,
    Path(user): Path<String>,
    Query(page): Query<Page<i64>>,
) -> Result<Json<UserClients>, Problem> {
    api.handle().user(&user).await?;
    let clients = api.handle().list_clients(Some(&user), page.after_client(), page.limit()).await?;
    let ClientList { clients, next, missing } = clients.into();
    Ok(Json(UserClients { name: user, clients, next, missing }))
}
