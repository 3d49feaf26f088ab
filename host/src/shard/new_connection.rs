//! A connection that has been upgraded, on its way to its shard.

use std::net::TcpStream;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::tls::TlsSession;
use crate::protocol::Agreement;
use crate::types::Client;

/// Everything that a shard needs to serve a client.
#[derive(Debug)]
pub struct NewConnection {
    /// The socket, in non-blocking mode, registered with no runtime.
    pub stream: TcpStream,
    /// The TLS session over it, if there is one.
    pub tls: Option<Box<TlsSession>>,
    /// The first frames: bytes that came in the same packets as the upgrade request.
    pub first: Bytes,
    /// The client.
    pub client: Client,
    /// Its attachment.
    pub attachment: Bytes,
    /// The agreement on compression.
    pub agreement: Option<Agreement>,
    /// Its permit to be one of the server's connections.
    pub permit: Permit,
}

/// Gives a connection's permits back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    _connection: OwnedSemaphorePermit,
    _more: Option<Box<dyn std::any::Any + Send>>,
}

impl Permit {
    /// One of the server's permits for connections, and others that the front has taken.
    pub fn new(connection: OwnedSemaphorePermit, more: Option<Box<dyn std::any::Any + Send>>) -> Self {
        Self { _connection: connection, _more: more }
    }
}
