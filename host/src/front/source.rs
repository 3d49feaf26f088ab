//! Where a connection comes from, as its socket tells.

use std::net::{Ipv4Addr, SocketAddr};

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An address.
    Tcp(SocketAddr),
    /// A process of this machine, by a Unix socket.
    Unix,
}

impl Source {
    /// An address as a listener for both IPs shows it: an IPv4 address may look like an IPv6 one.
    pub fn tcp(address: SocketAddr) -> Self {
        Self::Tcp(SocketAddr::new(address.ip().to_canonical(), address.port()))
    }

    /// Its address. A process that connects by a Unix socket has this machine's, and port 0.
    pub fn address(self) -> SocketAddr {
        match self {
            Self::Tcp(address) => address,
            Self::Unix => (Ipv4Addr::LOCALHOST, 0).into(),
        }
    }
}
