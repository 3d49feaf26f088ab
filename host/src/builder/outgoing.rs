//! The settings for HTTP requests of the app.

use std::path::PathBuf;

use super::Builder;

impl Builder {
    /// Lets the app send HTTP requests to one more server: `api.example.com`, `api.example.com:8080`, `*.example.com`, an address, or `*`.
    /// Without a port, each port is allowed. By default the app sends none.
    #[must_use]
    pub fn allow_http(mut self, server: impl Into<String>) -> Self {
        self.config.outgoing.allow.push(server.into());
        self
    }

    /// Lets HTTP requests go to the addresses of one more network that is not public, an address or a network such as `10.0.0.0/8`. By
    /// default they go to public addresses alone, whatever a name stands for.
    #[must_use]
    pub fn allow_http_private(mut self, network: impl Into<String>) -> Self {
        self.config.outgoing.allow_private.push(network.into());
        self
    }

    /// Trusts the certificate authorities in this PEM file, besides the system's, in HTTP requests of the app.
    #[must_use]
    pub fn fetch_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.outgoing.ca = Some(file.into());
        self
    }
}
