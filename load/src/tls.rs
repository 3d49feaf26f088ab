//! The configuration of TLS connections: the expected name, and the trusted authorities.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore};

use super::options::Options;
use super::unchecked::Unchecked;

/// The most encrypted bytes that a connection keeps unsent. A message of 64 KiB is sent by one write.
const UNSENT_BYTES: usize = 80 << 10;

/// The configuration of TLS connections to one server.
#[derive(Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// The configuration for the server of this name, which may be an address, IPv6 in brackets.
    pub fn new(host: &str, options: &Options) -> anyhow::Result<Self> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name =
            ServerName::try_from(bare.to_owned()).map_err(|_| anyhow!("{host:?} is a name that no certificate can have"))?;
        let provider = Arc::new(ring::default_provider());
        let verifier = verifier(options, &provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for TLS 1.2 and 1.3")
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Each connection acts as a new client. A handshake that resumes a session would cost the server less.
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), name })
    }

    /// A session for one connection.
    pub fn session(&self) -> io::Result<ClientConnection> {
        let mut session = ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(io::Error::other)?;
        session.set_buffer_limit(Some(UNSENT_BYTES));
        Ok(session)
    }
}

/// The reason of an end by TLS, in words.
pub fn in_words(error: &rustls::Error) -> String {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(problem) => {
            format!("its certificate is not accepted: {}. {}", of_certificate(problem), way_out(problem))
        }
        InvalidMessage(_) => format!("its answer is not valid TLS ({error}); is it a ws:// server?"),
        AlertReceived(alert) => format!("the server ended the TLS session: {alert:?}"),
        _ => format!("TLS: {error}"),
    }
}

fn of_certificate(problem: &CertificateError) -> String {
    match problem {
        // The signature of another authority with the same name is a bad one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "no trusted authority has signed it".to_owned(),
        _ if is_authority(problem) => "it belongs to an authority (CA:TRUE), not to a server".to_owned(),
        _ => problem.to_string(),
    }
}

/// The remedy. Trusting another authority does not help against every problem.
fn way_out(problem: &CertificateError) -> &'static str {
    match problem {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "Use a name that it has, or `insecure` to check nothing"
        }
        _ if is_authority(problem) => "Make one with basicConstraints=CA:FALSE, or use `insecure` to check nothing",
        _ => "Name a file of trusted certificates with `ca`, or use `insecure` to check nothing",
    }
}

/// Whether the certificate is an authority's. `openssl req -x509` makes such certificates by default. The error is one of webpki,
/// which is no dependency here.
fn is_authority(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity"))
}

fn verifier(options: &Options, provider: &Arc<CryptoProvider>) -> anyhow::Result<Arc<dyn ServerCertVerifier>> {
    if options.insecure {
        return Ok(Arc::new(Unchecked::new(Arc::clone(provider))));
    }
    let roots = match &options.ca {
        Some(file) => roots_in(file).with_context(|| format!("`ca` {}", file.display()))?,
        None => roots_of_system()?,
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    Ok(verifier.context("the trusted certificates cannot be used")?)
}

fn roots_in(file: &Path) -> anyhow::Result<RootCertStore> {
    let bytes = std::fs::read(file).map_err(|error| anyhow!("{error}. Check the path and the permissions"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| anyhow!("it is damaged: {error}"))?;
        roots.add(certificate).map_err(|error| anyhow!("a certificate in it cannot be used: {error}"))?;
    }
    if roots.is_empty() {
        bail!("it has no certificate in PEM. Give a file that contains -----BEGIN CERTIFICATE-----");
    }
    Ok(roots)
}

/// The system's authorities, about a hundred. Unreadable and unusable ones are skipped, as in browsers.
fn roots_of_system() -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        bail!(
            "this system has no certificates of authorities: install its package ca-certificates, name a file of trusted certificates with `ca`, or use `insecure` to check nothing"
        );
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_a_certificate_has_a_remedy() {
        let told = |problem| in_words(&rustls::Error::InvalidCertificate(problem));
        let unknown = told(CertificateError::UnknownIssuer);
        assert!(unknown.contains("`ca`") && unknown.contains("`insecure`"), "{unknown}");
        let other_name = told(CertificateError::NotValidForName);
        assert!(!other_name.contains("`ca`") && other_name.contains("`insecure`"), "{other_name}");
    }
}
