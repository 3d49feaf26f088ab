//! The TLS certificate that all peers use.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::command::{command, output};
use crate::places::Places;
use crate::step::Check;

/// Makes it unless it exists. The kind of key decides the cost of a handshake: this one is ECDSA on P-256, as most servers
/// have today.
pub(super) fn make(places: &Places) -> Check {
    if certificate(places).is_file() && key(places).is_file() {
        return Ok(());
    }
    let folder = places.scratch("bench");
    fs::create_dir_all(&folder).context("making target/bench")?;
    let mut openssl = command("openssl", &folder);
    openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost".split(' '));
    openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    openssl.arg("-keyout").arg(key(places)).arg("-out").arg(certificate(places));
    output(&mut openssl).map(drop)
}

/// Its file, in PEM.
pub(super) fn certificate(places: &Places) -> PathBuf {
    places.scratch("bench").join("cert.pem")
}

/// The file of its key, in PEM.
pub(super) fn key(places: &Places) -> PathBuf {
    places.scratch("bench").join("key.pem")
}
