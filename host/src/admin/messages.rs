//! The requests to a running server, and its answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::swap::{Status, SwapReport};

/// A request to a running server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Replace the component by the one in this file. The server reads the file, so the path must be absolute.
    Swap(PathBuf),
    /// The same without the rooms' states.
    SwapDiscardingState(PathBuf),
    /// Go back to the previous release.
    Rollback,
    /// The same without the rooms' states.
    RollbackDiscardingState,
    /// Tell what runs.
    Status,
    /// Leave the socket to the server that asks. A server that shuts down agrees.
    TakeOver,
}

/// The server's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The swap or rollback is done.
    Swapped(SwapReport),
    /// The running release, and what is counted.
    Status(Status),
    /// The server shuts down and has left the socket to the one that asked.
    Released,
    /// The request was refused for this reason, and nothing has changed.
    Refused(String),
    /// The running release cannot hand its state over, for this reason. It goes on. To discard the state would help.
    NoHandover(String),
}
