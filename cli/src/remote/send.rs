//! `ws-host send`: a message to clients of a running server, or an event for one of its rooms.

use std::io::Read;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use ws_host::api::Request;
use ws_host::app::rooms::Reached;
use ws_host::log::printable;

use super::server::{Remote, count, missing_in_words};

/// `ws-host send`.
#[derive(Debug, Args)]
pub struct SendArguments {
    /// The message; `-` reads it from stdin
    pub message: String,
    /// The receivers.
    #[command(flatten)]
    pub to: Receivers,
    /// Only to the subscribers of this topic in the room
    #[arg(long, value_name = "NAME", requires = "room")]
    pub topic: Option<String>,
    /// Give the message to the application of the room, as an event, and not to its clients
    #[arg(long, requires = "room", conflicts_with = "topic")]
    pub event: bool,
    /// Have the room begin with the event, if it does not exist
    #[arg(long, requires = "event")]
    pub create: bool,
    /// Send a binary message
    #[arg(long)]
    pub binary: bool,
    /// The running server.
    #[command(flatten)]
    pub remote: Remote,
}

/// The receivers of a message: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Receivers {
    /// To all clients
    #[arg(long)]
    pub all: bool,
    /// To the clients of this room
    #[arg(long, value_name = "NAME")]
    pub room: Option<String>,
    /// To the clients of this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// To this client
    #[arg(long, value_name = "ID")]
    pub client: Option<u64>,
}

/// Sends a message, and prints how many clients it is queued for.
///
/// # Errors
/// No server answers, or it refuses.
pub fn send(arguments: &SendArguments) -> anyhow::Result<()> {
    let SendArguments { to, topic, event, create, binary, remote, .. } = arguments;
    let media_type = if *binary { "application/octet-stream" } else { "text/plain" };
    let client = to.client.map(|id| id.to_string());
    let path: Vec<&str> = match (&to.room, topic, &to.user, &client) {
        (Some(room), ..) if *event => vec!["rooms", room, "events"],
        (Some(room), Some(topic), ..) => vec!["rooms", room, "topics", topic, "messages"],
        (Some(room), None, ..) => vec!["rooms", room, "messages"],
        (None, _, Some(user), _) => vec!["users", user, "messages"],
        (None, _, None, Some(client)) => vec!["clients", client, "messages"],
        (None, _, None, None) => vec!["messages"],
    };
    let request = Request::post(path).body(media_type, message(&arguments.message)?);
    if *event {
        remote.tell(if *create { request.query("create", true) } else { request })?;
        let room = to.room.as_deref().unwrap_or_default();
        return remote.show(&json!({ "accepted": true }), |_| format!("sent to the application of {}", printable(room)));
    }
    let reached: Reached = remote.ask(request)?;
    remote.show(&reached, |reached| format!("sent to {}{}", count(reached.clients, "client"), missing_in_words(&reached.missing)))
}

fn message(argument: &str) -> anyhow::Result<Vec<u8>> {
    if argument != "-" {
        return Ok(argument.as_bytes().to_vec());
    }
    let mut message = Vec::new();
    std::io::stdin().lock().read_to_end(&mut message).context("cannot read the message from stdin")?;
    Ok(message)
}
