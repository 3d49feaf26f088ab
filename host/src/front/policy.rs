//! The rules that the builder sets for all connections.

use std::sync::Arc;

use super::forwarded::Proxies;
use super::origin::OriginPolicy;
use super::tls::Tls;
use crate::config::Compression;

/// The rules for all connections. They stay as they are while the server runs, but for the certificate.
#[derive(Debug)]
pub struct Policy {
    /// The origins whose pages may connect.
    pub origins: OriginPolicy,
    /// The proxies that may name a client's address.
    pub proxies: Proxies,
    /// How messages are compressed.
    pub compression: Compression,
    /// The certificate, if the server speaks TLS.
    pub tls: Option<Arc<Tls>>,
}
