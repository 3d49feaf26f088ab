//! The certificates for new TLS connections, which can be replaced while the server runs.
//!
//! **Handshake.** The front door completes it (`transport`): its cost, a signature, falls on the thread that accepts and not on a
//! shard. One deadline spans handshake and HTTP request.
//!
//! **Hand-over.** The stream is taken apart into the socket, the rustls session, and the plaintext so far: the bytes that HTTP
//! has read, and those that only rustls has (`TlsSession::take_over`). Ciphertext that has arrived stays in the session.
//!
//! **On the shard**, only `shard/socket.rs` knows whether a line has TLS. `Socket::poll_read` reads ciphertext into a buffer of
//! the shard, and `TlsSession` (`shard/tls.rs`, without I/O) appends the plaintext to the read buffer. `Socket::try_write`
//! encrypts the outbox's bytes and writes them in one call. Bytes that the kernel does not take stay in the session and leave
//! the line blocked, as a full kernel buffer does without TLS. A plain client pays for an `Option`.
//!
//! - A client's close_notify, or its end without one, leaves our direction open: the messages before it are answered.
//! - A broken record ends the connection like a reset, after the messages before it. Our alert is then the last record.
//! - Our close_notify is sent at the end of the line's task, or before our side is shut.
//! - Records of TLS itself (an alert, a new key, the refusal of a renegotiation) go out with the next write, or at the end.
//!
//! **Reload.** `Tls::reload` loads and checks the files again and replaces the whole configuration, with the key of its session
//! tickets. Handshakes that have begun keep theirs. The library reads the files when it is told to; the command watches them.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::TlsAcceptor;

use super::by_name::ByName;
use super::certificate;
use super::client_certificate;
use crate::config::{ClientCertificates, TlsSource};
use crate::error::Error;
use crate::log::printable;

/// The certificate of a server. Each handshake takes the current one.
#[derive(Debug)]
pub struct Tls {
    provider: Arc<CryptoProvider>,
    current: RwLock<Loaded>,
}

#[derive(Debug, Clone)]
struct Loaded {
    source: TlsSource,
    clients: Option<ClientCertificates>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Loads the certificate.
    ///
    /// # Errors
    /// It cannot be used; the error says why.
    pub fn load(source: TlsSource, clients: Option<ClientCertificates>) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let config = configure(&source, clients.as_ref(), &provider)?;
        Ok(Self { provider, current: RwLock::new(Loaded { source, clients, config }) })
    }

    /// Whether clients are asked for certificates.
    pub fn asks_clients(&self) -> bool {
        self.current().clients.is_some()
    }

    /// Loads the certificate again. Open connections keep their session keys.
    ///
    /// # Errors
    /// The new certificate cannot be used, and the old one stays.
    pub fn reload(&self) -> Result<(), Error> {
        loop {
            let Loaded { source, clients, config: before } = self.current().clone();
            let config = configure(&source, clients.as_ref(), &self.provider)?;
            if self.replace(&before, Loaded { source, clients, config }) {
                return Ok(());
            }
        }
    }

    /// Replaces the configuration, unless another one has come in place of this one before: its files may be others.
    fn replace(&self, before: &Arc<ServerConfig>, loaded: Loaded) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let is_current = Arc::ptr_eq(&current.config, before);
        if is_current {
            *current = loaded;
        }
        is_current
    }

    /// Has the certificates, and the rules for those of clients, of another one from now on. They are loaded already.
    pub fn become_like(&self, other: &Self) {
        let other = other.current().clone();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = other;
    }

    fn current(&self) -> RwLockReadGuard<'_, Loaded> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// An acceptor for one handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.current().config).into()
    }
}

/// Makes a whole configuration. Its ticket key is new too, so that no session is resumed without the new certificate.
fn configure(
    source: &TlsSource,
    clients: Option<&ClientCertificates>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ServerConfig>, Error> {
    let loaded = certificate::load(source, provider, SystemTime::now())?;
    let verifier = clients
        .map_or_else(|| Ok(WebPkiClientVerifier::no_client_auth()), |clients| client_certificate::verifier(clients, provider))?;
    for certificate in &loaded {
        let names = if loaded.len() > 1 { format!(" for {}", printable(&certificate.names.join(", "))) } else { String::new() };
        if let Some(end) = certificate.valid_until {
            tracing::info!("the certificate{names} is valid until {}", certificate::date(end));
        }
    }
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(ByName::new(loaded)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Clients keep their sessions in tickets. Kept by the server, each session would cost memory.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    match ring::Ticketer::new() {
        Ok(ticketer) => config.ticketer = ticketer,
        Err(error) => tracing::warn!("TLS sessions will not be resumed: {error}"),
    }
    Ok(Arc::new(config))
}

#[cfg(all(test, feature = "self-signed"))]
mod tests {
    use super::*;

    #[test]
    fn a_reload_does_not_take_back_what_came_while_it_read_its_files() {
        let [tls, other, late] = [(); 3].map(|()| Tls::load(TlsSource::SelfSigned, None).expect("a certificate is made"));
        let before = tls.current().clone();
        tls.become_like(&other);
        let config = other.current().config.clone();
        assert!(!tls.replace(&before.config, late.current().clone()));
        assert!(Arc::ptr_eq(&tls.current().config, &config));
        assert!(tls.replace(&config, late.current().clone()));
    }
}
