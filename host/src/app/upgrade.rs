//! An upgrade request, and the gate's decision about it.

use std::net::SocketAddr;

pub use crate::room::{Acceptance, Decision, Refusal};
pub use crate::types::Agreed;
use crate::types::Request;

/// An upgrade request, as the gate sees it.
#[derive(Debug, Clone)]
pub struct UpgradeRequest {
    /// The address it comes from.
    pub address: SocketAddr,
    /// Path, query and headers.
    pub request: Request,
    /// The subprotocols that the client offers, in its order of preference.
    pub subprotocols: Vec<String>,
    /// Whether the client names a session of this room, to come back to it. The name is public and proves nothing. If the decision has the
    /// user and the subprotocol of before, and the client then shows its secret, it stays the client that it was, and the attachment is ignored.
    pub resumes: bool,
}
