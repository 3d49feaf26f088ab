//! The settings of the TCP door.

use std::path::PathBuf;

/// The settings of the TCP door: where it listens, and its tokens.
#[derive(Debug, Clone)]
pub struct TcpSettings {
    pub(super) address: String,
    pub(super) token_file: Option<PathBuf>,
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
    pub(super) is_insecure: bool,
    pub(super) rate: u32,
}

/// Requests a second with one token.
const RATE: u32 = 100;

impl TcpSettings {
    /// A door at this host and port, such as `localhost:9000`. With port 0 the system chooses one.
    pub fn at(address: impl Into<String>) -> Self {
        Self { address: address.into(), token_file: None, hosts: Vec::new(), origins: Vec::new(), is_insecure: false, rate: RATE }
    }

    /// Takes the tokens from this file, with a line `name right token` for each. Without a file one token is made.
    #[must_use]
    pub fn token_file(self, file: impl Into<PathBuf>) -> Self {
        Self { token_file: Some(file.into()), ..self }
    }

    /// One more name by which the door may be asked for, besides `localhost` and addresses.
    #[must_use]
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// Lets pages of one more origin use the API: `https://app.example`, `*.example.com`, `null` or `*`. They still need a token.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Whether other machines may reach the door without TLS, as a proxy in front does. Then the door speaks no TLS.
    #[must_use]
    pub fn insecure(self, is_insecure: bool) -> Self {
        Self { is_insecure, ..self }
    }

    /// The most requests a second with one token, 100 by default.
    #[must_use]
    pub fn rate(self, rate: u32) -> Self {
        Self { rate, ..self }
    }
}
