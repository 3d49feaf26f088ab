//! The settings for HTTP requests of the app.

use std::path::PathBuf;

use super::Builder;

impl Builder {
    /// Lets the app send HTTP requests to one more server: `api.example.com`, `api.example.com:8080`, `*.example.com`, an address, or `*`.
    /// Without a port, each port is allowed. By default the app sends none.
    #[must_use]
    pub fn allow_http(mut self, server: impl Into<String>) -> Self {
        self.config.outgoing.allow.push(server.into());
        self.outlet = None;
        self
    }

    /// Lets HTTP requests go to the addresses of one more network that is not public, an address or a network such as `10.0.0.0/8`. By
    /// default they go to public addresses alone, whatever a name stands for.
    #[must_use]
    pub fn allow_http_private(mut self, network: impl Into<String>) -> Self {
        self.config.outgoing.allow_private.push(network.into());
        self.outlet = None;
        self
    }

    /// Trusts the certificate authorities in this PEM file, besides the system's, in HTTP requests of the app.
    #[must_use]
    pub fn fetch_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.outgoing.ca = Some(file.into());
        self.outlet = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::Server;

    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUJfyBdrT+Nhdj6WXoKQfXqUj3X9IwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTI3MDgzMjAyWhgPMjEy
NjExMDMwODMyMDJaMBkxFzAVBgNVBAMMDnRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEAkmHx1skXiVKylSJtlHe7NPjPt1Utq2fbYLsgw9z
vPX7RGPSP4lQ5iwq/Py8zEauleuJXSbHz1b643/fOd54fKNTMFEwHQYDVR0OBBYE
FAs445rhlnd3Jol9u1ULYMYH87kvMB8GA1UdIwQYMBaAFAs445rhlnd3Jol9u1UL
YMYH87kvMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAMpf/lBn
aMm+ZqK3/ngrtHVp6DdSzrI1hQEW/9Czt773AiBncx2vIKWfIb+ANoEU8pCZ2GyU
x/w2MztXEzRv7ZrzSA==
-----END CERTIFICATE-----
";

    #[test]
    fn the_file_of_authorities_is_read_once() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, AUTHORITY).expect("the folder takes a file");
        let builder = Server::builder().port(0).fetch_ca(&file).listen().expect("the certificates can be used");
        // A pipe could be read only once, too.
        std::fs::remove_file(&file).expect("the file is there");
        assert!(builder.on_new_client(|_, _| {}).build().is_ok());
    }
}
