//! The configuration of a server: plain data, units in the names.

use std::path::PathBuf;

pub use crate::cluster_settings::{ClusterError, ClusterSettings};
pub use crate::limit_error::{LimitError, LimitProblem};
pub use crate::limits::Limits;
pub use crate::listen::{Listen, Listening};

/// The grants of a guest beyond clocks, random numbers and the two output streams. The default grants nothing.
#[derive(Clone, Default)]
pub struct Grants {
    /// Environment variables, each name once.
    env: Vec<(String, String)>,
}

impl Grants {
    /// Gives an environment variable, in place of an earlier one of this name.
    pub fn set_env(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        self.env.retain(|(given, _)| *given != name);
        self.env.push((name, value));
    }

    /// The environment variables.
    pub(crate) fn env(&self) -> &[(String, String)] {
        &self.env
    }
}

/// Shows names only: a value may be a secret.
impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Grants").field("env", &names).finish()
    }
}

/// The HTTP requests that an app may send. The default allows none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outgoing {
    /// The servers: `example.com`, `example.com:8080`, `*.example.com`, an address, or `*`.
    pub allow: Vec<String>,
    /// Addresses and networks that may be connected to besides public ones.
    pub allow_private: Vec<String>,
    /// A PEM file of certificates that are trusted besides the system's.
    pub ca: Option<PathBuf>,
}

/// Where spans go, and how many of them.
#[cfg(feature = "otlp")]
#[derive(Debug, Clone)]
pub(crate) struct Traces {
    /// The collector's URL, without the path of the protocol.
    pub url: String,
    /// The part of new traces that is kept, 0 to 1. `None` leaves it to the environment.
    pub sample: Option<f64>,
}

/// Which clients share an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instances {
    /// All of them: there is one room.
    #[default]
    Shared,
    /// Those whose paths name the same room.
    PerRoom,
    /// None: every connection has a room of its own.
    PerClient,
}

/// How messages are compressed with clients that can (permessage-deflate, RFC 7692).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Off,
    /// Each message by itself. The compressor belongs to the shard, and a connection costs no memory for it.
    #[default]
    Shared,
    /// With earlier messages as context. Messages become smaller, and each client costs up to 340 kB of memory. A message
    /// to several clients is still compressed by itself, once.
    Dedicated,
}

/// Where a server's certificate comes from.
#[derive(Debug, Clone)]
pub(crate) enum TlsSource {
    /// Pairs of PEM files, which can be loaded again while the server runs. The first is for clients that ask for no name, or an unknown one.
    Files(Vec<CertificateFiles>),
    /// Made at the start, for `localhost`, `127.0.0.1` and `::1`. Clients do not trust it by themselves.
    #[cfg(feature = "self-signed")]
    SelfSigned,
}

/// The two files of a certificate.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    /// The certificate, followed by the chain to its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The certificates of clients.
#[derive(Debug, Clone)]
pub(crate) struct ClientCertificates {
    /// A PEM file of the authorities that issue them.
    pub authorities: PathBuf,
    /// Whether a client without one is refused.
    pub required: bool,
}

/// The settings of a server.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The name or address to listen on. The default, `localhost`, is reachable from this machine alone.
    pub host: String,
    /// The TCP port; 0 has the system choose a free one.
    pub port: u16,
    /// Whether a plain `GET /` answers with the chat page.
    pub page: bool,
    /// The folder whose files are served in place of the chat page.
    pub static_files: Option<PathBuf>,
    /// The file in it that answers for missing pages.
    pub static_fallback: Option<String>,
    /// Whether the page shows the owner's notices.
    pub notices: bool,
    /// Whether the trace of a component's failure names files and lines.
    pub trace_lines: bool,
    /// Which clients share an instance.
    pub instances: Instances,
    /// How a path names a room: `/chat/{room}`. `None` means that the whole path is the name.
    pub room_path: Option<String>,
    /// Threads that run rooms; 0 means one for each core. With one shared instance there is one thread.
    pub shards: usize,
    /// Origins whose pages may connect, besides the one that equals `Host`; `*` means all.
    pub allow_origins: Vec<String>,
    /// How messages are compressed.
    pub compression: Compression,
    /// The grants of a guest.
    pub grants: Grants,
    /// The HTTP requests that the app may send.
    pub outgoing: Outgoing,
    /// Addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<String>,
    /// Whether connections of trusted proxies begin with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// The certificate of a server with TLS.
    pub tls: Option<TlsSource>,
    /// The certificates that clients show.
    pub tls_clients: Option<ClientCertificates>,
    /// Where spans go.
    #[cfg(feature = "otlp")]
    pub traces: Option<Traces>,
    /// The cluster that the server is a node of.
    pub cluster: Option<ClusterSettings>,
    /// The limits.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 13254,
            page: true,
            static_files: None,
            static_fallback: None,
            notices: false,
            trace_lines: false,
            instances: Instances::Shared,
            room_path: None,
            shards: 0,
            allow_origins: Vec::new(),
            compression: Compression::default(),
            grants: Grants::default(),
            outgoing: Outgoing::default(),
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            tls: None,
            tls_clients: None,
            #[cfg(feature = "otlp")]
            traces: None,
            cluster: None,
            limits: Limits::default(),
        }
    }
}
