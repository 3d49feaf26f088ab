//! The rules that the builder sets for all connections.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::forwarded::Proxies;
use super::origin::OriginPolicy;
use super::tls::Tls;
use crate::config::Compression;

/// The rules for all connections.
#[derive(Debug)]
pub struct Policy {
    rules: RwLock<Arc<Rules>>,
    /// How messages are compressed.
    pub compression: Compression,
    /// The certificate, if the server speaks TLS.
    pub tls: Option<Arc<Tls>>,
}

/// The rules that the owner can replace while the server runs. A step of a handshake takes the current ones.
#[derive(Debug)]
pub struct Rules {
    /// The origins whose pages may connect.
    pub origins: OriginPolicy,
    /// The proxies that may name a client's address.
    pub proxies: Proxies,
    /// From the connection to the end of the upgrade request.
    pub handshake_timeout: Duration,
}

impl Policy {
    /// These rules.
    pub fn new(rules: Rules, compression: Compression, tls: Option<Arc<Tls>>) -> Self {
        Self { rules: RwLock::new(Arc::new(rules)), compression, tls }
    }

    /// The current rules.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the rules.
    pub fn replace(&self, change: impl FnOnce(&Rules) -> Rules) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        *rules = Arc::new(change(&rules));
    }

    /// Whether clients are asked for certificates.
    pub fn asks_clients(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.asks_clients())
    }
}
