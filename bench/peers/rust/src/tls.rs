//! The arguments of the two peers in Rust: a port, and a certificate for TLS.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// `PORT [CERTIFICATE KEY]`, the files in PEM.
pub fn arguments() -> (u16, Option<TlsAcceptor>) {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let port = arguments.first().and_then(|port| port.parse().ok()).expect("the first argument is a port");
    let tls = arguments.get(1).zip(arguments.get(2)).map(|(certificate, key)| acceptor(certificate, key));
    (port, tls)
}

/// The defaults of rustls, with ring as in the host.
fn acceptor(certificate: &str, key: &str) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(certificate).expect("the certificate can be read");
    let chain = chain.collect::<Result<_, _>>().expect("the certificate is in PEM");
    let key = PrivateKeyDer::from_pem_file(key).expect("the key can be read");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for them")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key belongs to the certificate");
    TlsAcceptor::from(Arc::new(config))
}
