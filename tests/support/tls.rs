//! Certificates, their files, and the client's side of TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::Client;

/// The verifier of `ws-host bench --insecure`. The binary exports nothing to tests, so its source is included.
#[path = "../../load/src/unchecked.rs"]
mod unchecked;
use unchecked::Unchecked;

/// A client's TLS stream.
pub type Stream = TlsStream<TcpStream>;

/// A certificate of localhost, and its key.
pub struct Certificate {
    /// In PEM.
    pub pem: String,
    /// Its key, in PEM.
    pub key: String,
    /// In DER.
    pub der: CertificateDer<'static>,
}

impl Certificate {
    /// A valid certificate.
    pub fn new() -> Self {
        Self::valid(2020, 2120)
    }

    /// A certificate that is valid from the beginning of one year to that of another.
    pub fn valid(from: i32, to: i32) -> Self {
        let mut params = Self::params();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        Self::with(&params)
    }

    /// The certificate of an authority itself, as `openssl req -x509` makes it.
    pub fn of_authority() -> Self {
        let mut params = Self::params();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self::with(&params)
    }

    /// A certificate of these names.
    pub fn named(names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        Self::with(&rcgen::CertificateParams::new(names).expect("these are names"))
    }

    fn params() -> rcgen::CertificateParams {
        rcgen::CertificateParams::new(["localhost".to_owned()]).expect("localhost is a name")
    }

    fn with(params: &rcgen::CertificateParams) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        let certificate = params.self_signed(&key).expect("a certificate can be made");
        Self { pem: certificate.pem(), key: key.serialize_pem(), der: certificate.der().clone() }
    }
}

/// An authority, and the certificates that it issues for clients.
pub struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    /// Its own certificate, in PEM.
    pub pem: String,
}

impl Authority {
    /// A new authority.
    pub fn new() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        let pem = params.self_signed(&key).expect("a certificate can be made").pem();
        Self { issuer: rcgen::Issuer::new(params, key), pem }
    }

    /// A client's certificate for this common name.
    pub fn issues(&self, name: &str) -> Certificate {
        let (certificate, key) = self.issued(name);
        Certificate { pem: certificate.pem(), key: key.serialize_pem(), der: certificate.der().clone() }
    }

    fn issued(&self, name: &str) -> (rcgen::Certificate, rcgen::KeyPair) {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        (params.signed_by(&key, &self.issuer).expect("a certificate can be made"), key)
    }

    /// A client's configuration with a certificate for this common name.
    pub fn client(&self, name: &str) -> ClientConfig {
        let (certificate, key) = self.issued(name);
        let provider = Arc::new(ring::default_provider());
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .expect("ring has cipher suites for them")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unchecked::new(provider)))
            .with_client_auth_cert(vec![certificate.der().clone()], key.into())
            .expect("the key belongs to the certificate")
    }
}

/// The two files of a server's certificate, in their own folder.
pub struct Files {
    dir: TempDir,
}

impl Files {
    /// The files of this certificate.
    pub fn of(certificate: &Certificate) -> Self {
        let files = Self { dir: tempfile::tempdir().expect("a temporary folder can be made") };
        files.write(certificate);
        files
    }

    /// `cert.pem`
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    /// `key.pem`
    pub fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    /// Writes another certificate into the existing files.
    pub fn write(&self, certificate: &Certificate) {
        write(&self.key(), &certificate.key);
        write(&self.certificate(), &certificate.pem);
    }

    /// Replaces them by files of another certificate.
    pub fn replace(&self, certificate: &Certificate) {
        for (path, text) in [(self.key(), &certificate.key), (self.certificate(), &certificate.pem)] {
            let new = path.with_extension("new");
            write(&new, text);
            std::fs::rename(new, path).expect("the file can be replaced");
        }
    }

    /// `--tls-cert ... --tls-key ...`
    pub fn flags(&self) -> [String; 4] {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        ["--tls-cert".into(), text(self.certificate()), "--tls-key".into(), text(self.key())]
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the file can be written");
}

/// A client's configuration that accepts every certificate, for the test to examine, and speaks these versions.
pub fn config(versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .expect("ring has cipher suites for them")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Unchecked::new(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// A client's configuration that accepts only this certificate, and only for the name in it.
pub fn trusting(certificate: &CertificateDer<'static>) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).expect("the certificate is one");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for them")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Connects to `127.0.0.1:40123`, with this server name.
pub async fn handshake(address: &str, name: &str, config: ClientConfig) -> std::io::Result<Stream> {
    let socket = TcpStream::connect(address).await.expect("the host accepts connections");
    let name = ServerName::try_from(name.to_owned()).expect("the name is one");
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// A TLS stream for HTTP.
pub async fn open(address: &str) -> Stream {
    handshake(address, "localhost", config(rustls::ALL_VERSIONS)).await.expect("the handshake succeeds")
}

/// A connected client.
pub async fn connect(address: &str) -> Client<Stream> {
    Client::over(open(address).await, "wss://localhost/").await
}

/// The certificate of new connections.
pub async fn shown(address: &str) -> CertificateDer<'static> {
    certificate_of(&open(address).await)
}

/// The certificate of this connection.
pub fn certificate_of(stream: &Stream) -> CertificateDer<'static> {
    let chain = stream.get_ref().1.peer_certificates().expect("the server has shown a certificate");
    chain[0].clone().into_owned()
}
