//! The commands that see and change a running server, as clients of its API.
//!
//! | file | owns |
//! | --- | --- |
//! | `server` | the running server, and requests to it |
//! | `change` | `swap`, `rollback`, `reload` and `status` |
//! | `rooms`, `clients`, `send`, `kick` | the command of that name |
//! | `nodes` | the nodes of its cluster |
//! | `table` | tables for people |

mod change;
mod clients;
mod kick;
mod nodes;
mod rooms;
mod send;
mod server;
mod table;

use clap::Subcommand;

pub use change::reload_in_words;
use change::{ChangeArguments, SwapArguments};
use clients::ClientsArguments;
use kick::KickArguments;
use rooms::RoomsArguments;
use send::SendArguments;
pub use server::Refused;
use server::Remote;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum RemoteCommand {
    /// Change a running server's component; its clients stay connected
    Swap(SwapArguments),
    /// Return a running server to its previous component
    Rollback(ChangeArguments),
    /// Have a running server read ws-host.toml again
    Reload(Remote),
    /// Show a running server's release, rooms and clients
    Status(Remote),
    /// List a running server's rooms
    Rooms(RoomsArguments),
    /// List a running server's clients
    Clients(ClientsArguments),
    /// Send a message to clients of a running server, or an event to a room
    Send(SendArguments),
    /// Disconnect clients of a running server
    Kick(KickArguments),
}

/// Runs a command.
///
/// # Errors
/// No server answers, or it refuses: then the error is [`Refused`].
pub fn obey(command: &RemoteCommand) -> anyhow::Result<()> {
    match command {
        RemoteCommand::Swap(swap) => change::swap(swap),
        RemoteCommand::Rollback(rollback) => change::rollback(rollback),
        RemoteCommand::Reload(remote) => change::reload(remote),
        RemoteCommand::Status(remote) => change::status(remote),
        RemoteCommand::Rooms(rooms) => rooms::rooms(rooms),
        RemoteCommand::Clients(clients) => clients::clients(clients),
        RemoteCommand::Send(send) => send::send(send),
        RemoteCommand::Kick(kick) => kick::kick(kick),
    }
}
