//! A socket that listens, of TCP or of Unix.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use crate::socket_file::SocketFile;

/// A socket, and the file of a Unix socket that this process has made.
#[derive(Debug)]
pub enum Bound {
    /// TCP.
    Tcp(TcpListener),
    /// Unix.
    Unix(UnixListener, Option<SocketFile>),
}
