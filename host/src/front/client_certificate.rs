//! The certificates that clients show, and what their requests say of them.

use std::fmt::Write;
use std::sync::Arc;

use hyper::http::{HeaderMap, HeaderName, HeaderValue};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use x509_cert::Certificate as X509;
use x509_cert::der::Decode;

use super::certificate::{chain_in, problem_with, read};
use crate::config::ClientCertificates;
use crate::error::Error;

/// The subject of a client's certificate, in a request of the client.
const SUBJECT: HeaderName = HeaderName::from_static("x-client-cert-subject");

/// Accepts the certificates that the authorities have issued for clients.
///
/// # Errors
/// The file of the authorities cannot be used.
pub fn verifier(clients: &ClientCertificates, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let ClientCertificates { authorities, required } = clients;
    let failed = |problem: String| problem_with("authorities of clients", authorities, problem);
    let mut roots = RootCertStore::empty();
    for authority in chain_in(&read(authorities).map_err(failed)?).map_err(failed)? {
        roots.add(authority).map_err(|error| failed(format!("it is damaged, or no X.509 certificate ({error})")))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if *required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| failed(error.to_string()))
}

/// The subject of a chain's first certificate, as RFC 4514 writes it. Other bytes than visible ASCII are escaped as its section 2.4 says.
pub fn subject(chain: &[CertificateDer<'_>]) -> Option<HeaderValue> {
    let own = X509::from_der(chain.first()?).ok()?;
    escaped(&own.tbs_certificate().subject().to_string())
}

fn escaped(subject: &str) -> Option<HeaderValue> {
    let mut text = String::new();
    for byte in subject.bytes() {
        match byte {
            b' '..=b'~' => text.push(char::from(byte)),
            _ => write!(text, "\\{byte:02X}").ok()?,
        }
    }
    HeaderValue::try_from(text).ok()
}

/// Sets the header for a client that has shown a certificate, and removes it for all others: a client cannot set it itself.
pub fn tell(headers: &mut HeaderMap, subject: Option<&HeaderValue>) {
    headers.remove(SUBJECT);
    if let Some(subject) = subject {
        headers.insert(SUBJECT, subject.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_tell_its_subject_itself() {
        let forged = || {
            let mut headers = HeaderMap::new();
            headers.append("X-Client-Cert-Subject", HeaderValue::from_static("CN=root"));
            headers.append("x-client-cert-subject", HeaderValue::from_static("CN=admin"));
            headers
        };
        let mut headers = forged();
        tell(&mut headers, None);
        assert!(headers.is_empty());
        let mut headers = forged();
        tell(&mut headers, Some(&HeaderValue::from_static("CN=me")));
        assert_eq!(headers.get_all(SUBJECT).iter().collect::<Vec<_>>(), ["CN=me"]);
    }

    #[test]
    fn a_subject_is_visible_ascii() {
        assert_eq!(escaped("CN=J\u{fc}rgen\r\nX: y").expect("it is a value"), "CN=J\\C3\\BCrgen\\0D\\0AX: y");
        assert_eq!(escaped("").expect("it is a value"), "");
    }
}
