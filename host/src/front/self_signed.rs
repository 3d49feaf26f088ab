//! A certificate that is made when the server starts, for development.

use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// The names that the certificate is for.
pub const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Some systems take no certificate that is valid for longer than 398 days.
const VALID_FOR: Duration = Duration::from_secs(390 * 86_400);
/// A client's clock may be behind ours.
const VALID_SINCE: Duration = Duration::from_secs(86_400);

/// Makes a certificate and its key, valid from a day before `now`.
///
/// # Errors
/// The system gives no random numbers.
pub fn make(now: SystemTime) -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
    let mut params = rcgen::CertificateParams::new(THIS_MACHINE.map(str::to_owned))?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "ws-host, for development");
    params.not_before = (now - VALID_SINCE).into();
    params.not_after = (now + VALID_FOR).into();
    let key = rcgen::KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der())))
}
