//! The certificates that servers of requests are verified with: the system's, and the owner's.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::file;

/// The owner's certificates, and the configuration that is made with the first request to a server with TLS: to read the system's takes
/// milliseconds.
#[derive(Debug, Default)]
pub(super) struct Roots {
    owners: Arc<[CertificateDer<'static>]>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Roots {
    /// The system's certificates, and those in this PEM file.
    ///
    /// # Errors
    /// The file cannot be read, or has no certificate.
    pub(super) fn new(file: Option<&Path>) -> Result<Self, Error> {
        let owners = file.map(read).transpose()?.unwrap_or_default().into();
        Ok(Self { owners, config: OnceCell::new() })
    }

    /// The configuration of connections with TLS. All shards wait for the first request that needs it.
    ///
    /// # Errors
    /// There is no certificate at all.
    pub(super) async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let made = self.config.get_or_try_init(|| async {
            let owners = Arc::clone(&self.owners);
            tokio::task::spawn_blocking(move || make(&owners)).await.map_err(io::Error::other)?
        });
        made.await.cloned()
    }
}

/// Makes the configuration. Blocks while it reads the system's certificates.
fn make(owners: &[CertificateDer<'static>]) -> io::Result<Arc<ClientConfig>> {
    let mut store = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    // Some of a system's certificates are too old for today's rules.
    store.add_parsable_certificates(system.certs);
    store.add_parsable_certificates(owners.iter().cloned());
    if store.is_empty() {
        return Err(io::Error::other("this machine has no certificates to verify servers with"));
    }
    Ok(Arc::new(with_roots(store)))
}

fn with_roots(store: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_root_certificates(store)
        .with_no_client_auth()
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let problem = |problem: String| Error::FetchCa { path: PathBuf::from(path), problem };
    let text = file::read(path, file::MAX_TEXT_BYTES).map_err(|error| problem(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(|error| problem(format!("it is damaged: {error}")))?;
    let mut trial = RootCertStore::empty();
    if certificates.is_empty() {
        return Err(problem("it has no certificate".to_owned()));
    }
    for certificate in &certificates {
        trial.add(certificate.clone()).map_err(|error| problem(format!("a certificate in it cannot be used: {error}")))?;
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_configuration_that_is_made_costs_no_thread() {
        let roots = Roots { owners: [].into(), config: OnceCell::new_with(Some(Arc::new(with_roots(RootCertStore::empty())))) };
        // Without a runtime, no thread can be had.
        assert!(roots.config().now_or_never().is_some_and(|config| config.is_ok()));
    }

    #[test]
    fn a_file_without_a_usable_certificate_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("ca.pem");
        for (text, why) in [
            ("", "it has no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
            ("-----BEGIN CERTIFICATE-----\n", "it is damaged"),
        ] {
            std::fs::write(&file, text).expect("the folder takes a file");
            let error = Roots::new(Some(&file)).expect_err("it is refused").to_string();
            assert!(error.contains(why) && error.contains("ca.pem"), "{error}");
        }
        assert!(Roots::new(Some(&folder.path().join("none"))).is_err());
        assert!(Roots::new(None).is_ok());
    }
}
