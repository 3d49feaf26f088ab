//! The listening socket.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::Error;

/// Connections that wait in the kernel until they are accepted. The kernel's own limit (4,096 on Linux) counts if it is smaller.
const BACKLOG: i32 = 4096;

/// Listens on a host name or address, and a port. With port 0 the system chooses one.
///
/// # Errors
/// The name does not resolve, or none of its addresses can be listened on.
pub fn listen(host: &str, port: u16) -> Result<TcpListener, Error> {
    // Brackets are allowed, as in a URL: `[::1]`.
    let name = host.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(host);
    let resolve = |source| Error::Resolve { host: host.to_owned(), source };
    let addresses: Vec<SocketAddr> = (name, port).to_socket_addrs().map_err(resolve)?.collect();
    let mut last = None;
    for address in addresses {
        match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(source) => last = Some(Error::Bind { address: address.to_string(), source }),
        }
    }
    Err(last.unwrap_or_else(|| resolve(io::Error::other("it has no address"))))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server can restart at once, while old connections are still in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
