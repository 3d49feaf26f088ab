//! Where NATS is, and how the node shows who it is.

use std::path::PathBuf;

/// The cluster that a server is a node of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The servers: `nats://HOST:4222` or `tls://HOST:4222`.
    pub servers: Vec<String>,
    /// The cluster's name: letters, digits, `-` and `_`, at most 32. Clusters of other names share the servers and nothing else.
    pub name: String,
    /// A file of NATS credentials (`.creds`).
    pub credentials: Option<PathBuf>,
    /// A file of authorities (PEM) for the servers' certificates, in place of the system's.
    pub ca: Option<PathBuf>,
    /// The node's own certificate and key (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// How many copies of each record JetStream keeps: 1, 3 or 5. It counts when the streams are made.
    pub replicas: u8,
    /// Whether a component that differs from the cluster's release becomes the next release. Otherwise the server does not start.
    pub swaps: bool,
}

/// Why a node cannot join its cluster. One line that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClusterError(pub String);
