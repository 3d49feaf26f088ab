//! The systems that are compared.

/// A way to serve clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// One ws-host without a cluster.
    Alone,
    /// Some nodes of ws-host in a cluster.
    Cluster(usize),
    /// One process of Socket.IO.
    SocketIo,
    /// Two processes of Socket.IO, with Redis between them.
    SocketIoWithRedis,
}

impl System {
    /// Its name in the tables.
    pub(super) fn name(self) -> String {
        match self {
            Self::Alone => "ws-host, one node without a cluster".to_owned(),
            Self::Cluster(1) => "ws-host, one node with `--cluster`".to_owned(),
            Self::Cluster(nodes) => format!("ws-host, {nodes} nodes"),
            Self::SocketIo => "Socket.IO, one process".to_owned(),
            Self::SocketIoWithRedis => "Socket.IO, 2 processes and Redis".to_owned(),
        }
    }
}
