//! A connection that has been upgraded, on its way to its shard.

use std::io::{self, IoSlice, Write};
use std::mem;
use std::net::TcpStream;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::resume::Claim;
use super::tls::TlsSession;
use crate::protocol::Agreement;
use crate::trace::Trace;
use crate::types::Client;

/// Everything that a shard needs to serve a client.
#[derive(Debug)]
pub struct NewConnection {
    /// The socket, in non-blocking mode, registered with no runtime.
    pub stream: TcpStream,
    /// The TLS session over it, if there is one.
    pub tls: Option<Box<TlsSession>>,
    /// The answer to its upgrade request, which is not written yet.
    pub answer: Vec<u8>,
    /// The first frames: bytes that came in the same packets as the upgrade request.
    pub first: Bytes,
    /// The client.
    pub client: Client,
    /// Its attachment.
    pub attachment: Bytes,
    /// The span of its upgrade.
    pub trace: Trace,
    /// The agreement on compression.
    pub agreement: Option<Agreement>,
    /// The session that it asks for, if it speaks the protocol of sessions.
    pub claim: Option<Claim>,
    /// Its permit to be one of the server's connections.
    pub permit: Permit,
}

impl NewConnection {
    /// Answers the upgrade request. Returns what the kernel did not take: seldom anything, since the connection is new.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn answer(&mut self) -> io::Result<Vec<u8>> {
        let mut answer = mem::take(&mut self.answer);
        let written = match &mut self.tls {
            Some(session) => session.write(&mut self.stream, &mut [IoSlice::new(&answer)]),
            None => self.stream.write(&answer),
        };
        match written {
            Ok(taken) => drop(answer.drain(..taken)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(answer)
    }
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
