//! `ws-host kick`: disconnects clients of a running server.

use clap::Args;
use ws_host::api::Request;
use ws_host::app::rooms::Reached;

use super::server::{Remote, count, missing_in_words};

/// `ws-host kick`.
#[derive(Debug, Args)]
pub struct KickArguments {
    /// The clients.
    #[command(flatten)]
    pub who: Kicked,
    /// The close code that they get: 1000 to 1003, 1007 to 1014, or 3000 to 4999 [default: 1001]
    #[arg(long, value_name = "CODE")]
    pub code: Option<u16>,
    /// The reason that they get, of at most 123 bytes
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The running server.
    #[command(flatten)]
    pub remote: Remote,
}

/// The clients that are disconnected: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Kicked {
    /// This client
    #[arg(value_name = "ID")]
    pub client: Option<u64>,
    /// The clients of this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The clients of this room
    #[arg(long, value_name = "NAME")]
    pub room: Option<String>,
    /// All clients
    #[arg(long)]
    pub all: bool,
}

/// Disconnects clients, and prints how many.
///
/// # Errors
/// No server answers, or it refuses.
pub fn kick(arguments: &KickArguments) -> anyhow::Result<()> {
    let KickArguments { who, code, reason, remote } = arguments;
    let client = who.client.map(|id| id.to_string());
    let mut request = match (&client, &who.user, &who.room) {
        (Some(client), ..) => Request::delete(["clients", client]),
        (None, Some(user), _) => Request::delete(["users", user]),
        (None, None, Some(room)) => Request::delete(["rooms", room, "clients"]),
        (None, None, None) => Request::delete(["clients"]),
    };
    if let Some(code) = code {
        request = request.query("code", code);
    }
    if let Some(reason) = reason {
        request = request.query("reason", reason);
    }
    let reached: Reached = remote.ask(request)?;
    remote.show(&reached, |reached| {
        format!("disconnected {}{}", count(reached.clients, "client"), missing_in_words(&reached.missing))
    })
}
