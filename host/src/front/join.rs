//! The next step of a connection once its 101 is written.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::let_in::LetIn;
use super::permits::Share;
use super::router::Route;
use crate::app::upgrade::Agreed;
use crate::protocol::Agreement;
use crate::shard::Claim;
use crate::trace::Trace;
use crate::types::Request;

/// The next step once the 101 is written.
#[derive(Debug)]
pub enum Upgrade {
    /// The client joins a room.
    Join(Join),
    /// A close frame with this code and reason ends the connection.
    Close(u16, ByteString),
}

/// A client that has been let into a room.
#[derive(Debug)]
pub struct Join {
    /// Its room.
    pub route: Route,
    /// Has its room wait for it.
    pub let_in: Option<LetIn>,
    /// The session that it asks for, if it speaks the protocol of sessions.
    pub claim: Option<Claim>,
    /// Its upgrade request.
    pub request: Request,
    /// The terms of the gate.
    pub agreed: Option<Arc<Agreed>>,
    /// Its attachment.
    pub attachment: Bytes,
    /// The span of its upgrade.
    pub trace: Trace,
    /// The agreement on compression.
    pub agreement: Option<Agreement>,
    /// The client's address, in front of all trusted proxies.
    pub address: SocketAddr,
    /// Its share of that address's connections, if only the request told the address.
    pub share: Option<Share>,
}
