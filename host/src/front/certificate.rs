//! A certificate and its key, read and checked.

use std::io::ErrorKind;
use std::path::Path;
#[cfg(feature = "self-signed")]
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use x509_cert::Certificate as X509;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

#[cfg(feature = "self-signed")]
use super::self_signed;
use crate::config::TlsSource;
use crate::error::Error;
use crate::file;

/// A certificate with its chain and its key, valid when it was loaded.
#[derive(Debug)]
pub struct Certificate {
    /// Certificate and key for rustls.
    pub key: CertifiedKey,
    /// When it expires, if that can be read.
    pub valid_until: Option<Time>,
    /// The names that it is for, in lower case, such as `chat.example` and `*.example.com`.
    pub names: Vec<String>,
}

/// Loads or makes a server's certificates. `now` is the time at which they must be valid.
///
/// # Errors
/// A file cannot be read or used, the key belongs to another certificate, or the certificate is not valid now.
pub fn load(source: &TlsSource, provider: &CryptoProvider, now: SystemTime) -> Result<Vec<Certificate>, Error> {
    match source {
        TlsSource::Files(files) => files.iter().map(|files| from_files(&files.certificate, &files.key, provider, now)).collect(),
        #[cfg(feature = "self-signed")]
        TlsSource::SelfSigned => for_this_machine(provider, now).map(|certificate| vec![certificate]),
    }
}

fn from_files(certificate: &Path, key: &Path, provider: &CryptoProvider, now: SystemTime) -> Result<Certificate, Error> {
    let of_certificate = |problem: String| problem_with("certificate", certificate, problem);
    let of_key = |problem: String| problem_with("key", key, problem);
    let chain = chain_in(&read(certificate).map_err(of_certificate)?).map_err(of_certificate)?;
    let private = key_in(&read(key).map_err(of_key)?).map_err(of_key)?;
    let valid_until = check_validity(&chain, now).map_err(of_certificate)?;
    let names = names(&chain);
    let key = CertifiedKey::from_der(chain, private, provider).map_err(|error| match error {
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => of_key(format!(
            "it does not belong to the certificate {}. Give the key that this certificate was made for",
            certificate.display()
        )),
        TlsError::InvalidCertificate(error) => of_certificate(format!("it is damaged, or no X.509 certificate ({error:?})")),
        error => of_key(format!("{error}. Give an RSA key of 2048 bits or more, an ECDSA key (P-256, P-384) or an Ed25519 key")),
    })?;
    Ok(Certificate { key, valid_until, names })
}

/// The error for a file.
pub fn problem_with(what: &'static str, path: &Path, problem: String) -> Error {
    Error::Tls { what, path: path.to_owned(), problem }
}

/// Reads a file of PEM.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    file::read(path, file::MAX_TEXT_BYTES).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => format!("{error}. Check the path, and that this user may read it"),
        _ => error.to_string(),
    })
}

/// The certificates in a file.
///
/// # Errors
/// It has none, or is damaged.
pub fn chain_in(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(file).collect::<Result<_, _>>().map_err(|error| damaged(&error))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    Err(if PrivateKeyDer::from_pem_slice(file).is_ok() {
        "it has a private key in it, but no certificate. Are the two files swapped?".to_owned()
    } else if is_der(file) {
        "it is in the DER format. Turn it into PEM with `openssl x509 -inform der -in FILE -out cert.pem`".to_owned()
    } else {
        "it has no PEM in it. Give the file that has -----BEGIN CERTIFICATE----- in it, best with the whole chain".to_owned()
    })
}

fn key_in(file: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    match PrivateKeyDer::from_pem_slice(file) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(if contains(file, b"-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            "it is locked with a passphrase. Unlock it with `openssl pkey -in FILE -out key.pem`".to_owned()
        } else if CertificateDer::from_pem_slice(file).is_ok() {
            "it has a certificate in it, but no private key. Are the two files swapped?".to_owned()
        } else if is_der(file) {
            "it is in the DER format. Turn it into PEM with `openssl pkey -inform der -in FILE -out key.pem`".to_owned()
        } else {
            "it has no PEM in it. Give the file that has -----BEGIN PRIVATE KEY----- in it".to_owned()
        }),
        Err(error) => Err(damaged(&error)),
    }
}

fn damaged(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "it is cut short: it has a -----BEGIN line without its -----END line".to_owned(),
        error => format!("it is damaged: {error}"),
    }
}

/// Whether it begins as DER does: with a long sequence. Text does not.
fn is_der(file: &[u8]) -> bool {
    file.starts_with(&[0x30, 0x82]) || file.starts_with(&[0x30, 0x81])
}

fn contains(file: &[u8], needle: &[u8]) -> bool {
    file.windows(needle.len()).any(|window| window == needle)
}

/// Refuses a certificate that clients would refuse. Only the server's own counts: a chain may end with an expired one, which
/// clients ignore. A certificate without readable dates is left to the clients.
fn check_validity(chain: &[CertificateDer<'_>], now: SystemTime) -> Result<Option<Time>, String> {
    let Some(parsed) = chain.first().and_then(|own| X509::from_der(own).ok()) else { return Ok(None) };
    let validity = *parsed.tbs_certificate().validity();
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if now > validity.not_after.to_unix_duration() {
        return Err(format!("it expired on {}. Renew it", date(validity.not_after)));
    }
    if now < validity.not_before.to_unix_duration() {
        return Err(format!("it is not valid before {}. Check this machine's clock, or wait", date(validity.not_before)));
    }
    Ok(Some(validity.not_after))
}

/// The names in a chain's first certificate. The common name does not count: clients ignore it (RFC 9525 §2).
fn names(chain: &[CertificateDer<'_>]) -> Vec<String> {
    let Some(parsed) = chain.first().and_then(|own| X509::from_der(own).ok()) else { return Vec::new() };
    let Ok(Some((_, SubjectAltName(names)))) = parsed.tbs_certificate().get_extension() else { return Vec::new() };
    let name = |name: GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
        _ => None,
    };
    names.into_iter().filter_map(name).collect()
}

/// `2026-11-24 18:30:00 UTC`
pub fn date(time: Time) -> String {
    let text = time.to_date_time().to_string();
    text.replace('T', " ").replace('Z', " UTC")
}

#[cfg(feature = "self-signed")]
fn for_this_machine(provider: &CryptoProvider, now: SystemTime) -> Result<Certificate, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Tls {
        what: "self-signed certificate",
        path: PathBuf::from(self_signed::THIS_MACHINE[0]),
        problem: error.to_string(),
    };
    let (certificate, key) = self_signed::make(now).map_err(|error| failed(&error))?;
    let valid_until = check_validity(std::slice::from_ref(&certificate), now).ok().flatten();
    let names = names(std::slice::from_ref(&certificate));
    let key = CertifiedKey::from_der(vec![certificate], key.into(), provider).map_err(|error| failed(&error))?;
    Ok(Certificate { key, valid_until, names })
}
