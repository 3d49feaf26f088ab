//! The certificate for new TLS connections, which can be replaced while the server runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsAcceptor;

use super::certificate;
use crate::config::TlsSource;
use crate::error::Error;

/// The certificate of a server. Each handshake takes the current one.
#[derive(Debug)]
pub struct Tls {
    source: TlsSource,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Loads the certificate.
    ///
    /// # Errors
    /// It cannot be used; the error says why.
    pub fn load(source: TlsSource) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(configure(&source, &provider)?);
        Ok(Self { source, provider, current })
    }

    /// Loads the certificate again. Open connections keep their session keys.
    ///
    /// # Errors
    /// The new certificate cannot be used, and the old one stays.
    pub fn reload(&self) -> Result<(), Error> {
        let new = configure(&self.source, &self.provider)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// An acceptor for one handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

/// Makes a whole configuration. Its ticket key is new too, so that no session is resumed without the new certificate.
fn configure(source: &TlsSource, provider: &Arc<CryptoProvider>) -> Result<Arc<ServerConfig>, Error> {
    let loaded = certificate::load(source, provider, SystemTime::now())?;
    if let Some(end) = loaded.valid_until {
        tracing::info!("the certificate is valid until {}", certificate::date(end));
    }
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(loaded.key)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Clients keep their sessions in tickets. Kept by the server, each session would cost memory.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    match ring::Ticketer::new() {
        Ok(ticketer) => config.ticketer = ticketer,
        Err(error) => tracing::warn!("TLS sessions will not be resumed: {error}"),
    }
    Ok(Arc::new(config))
}
