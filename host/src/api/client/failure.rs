//! Why a request to a running server has not been fulfilled.

use std::io;

use crate::api::problem::Problem;

/// A request to a running server failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No server listens at this socket, or it does not answer. `PermissionDenied`: another user has made the socket or its folder, or
    /// could have done so, or listens at it.
    #[error(transparent)]
    NotAsked(#[from] io::Error),
    /// The server refused.
    #[error("{0}")]
    Refused(Problem),
}
