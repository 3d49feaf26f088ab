//! The flags of the API's TCP door.

use std::path::{Path, PathBuf};

use clap::Args;
use ws_host::api::doors::TcpSettings;

use crate::units::{number, size};

const API: &str = "The API";

/// The flags of the API.
#[derive(Debug, Clone, Args)]
pub struct ApiFlags {
    /// Serve /metrics, /healthz and /readyz at this host and port, without a token
    #[arg(long, hide_short_help = true, value_name = "ADDR")]
    pub health: Option<String>,
    /// Serve the API at this address too, to callers with a token
    #[arg(long, value_name = "HOST:PORT", help_heading = API)]
    pub api: Option<String>,
    /// Take the tokens from this file, with a line NAME RIGHT TOKEN for each; RIGHT is read, send or admin [default: one token is made]
    #[arg(long, requires = "api", value_name = "FILE", help_heading = API, hide_short_help = true)]
    api_token_file: Option<PathBuf>,
    /// Answer requests to this host name, besides localhost and addresses (repeatable)
    #[arg(long, requires = "api", value_name = "NAME", help_heading = API, hide_short_help = true)]
    api_host: Vec<String>,
    /// Take tokens from other machines without TLS, as behind a proxy that speaks it
    #[arg(long, requires = "api", help_heading = API, hide_short_help = true)]
    api_insecure: bool,
    /// Let pages of this origin use the API: its scheme and host, *.example.com, null (files) or * (repeatable)
    #[arg(long, requires = "api", value_name = "ORIGIN", help_heading = API, hide_short_help = true)]
    api_allow_origin: Vec<String>,
    /// The most requests a second with one token
    #[arg(long, requires = "api", default_value_t = 100, value_parser = number::<u32>, value_name = "N", help_heading = API, hide_short_help = true)]
    api_rate: u32,
    /// The largest component that is uploaded
    #[arg(long, default_value = "128MiB", value_parser = size, value_name = "SIZE", help_heading = API, hide_short_help = true)]
    pub api_max_upload: usize,
}

impl ApiFlags {
    /// Without an address of its own, the API listens at a free port of this machine.
    pub fn open_by_default(&mut self) {
        self.api.get_or_insert_with(|| "127.0.0.1:0".to_owned());
    }

    /// The file of tokens, if the API has an address.
    pub fn token_file(&self) -> Option<&Path> {
        self.api_token_file.as_deref().filter(|_| self.api.is_some())
    }

    /// The settings of the door, if there is one.
    pub fn settings(&self) -> Option<TcpSettings> {
        let mut settings = TcpSettings::at(self.api.as_ref()?).insecure(self.api_insecure).rate(self.api_rate);
        if let Some(file) = &self.api_token_file {
            settings = settings.token_file(file);
        }
        settings = self.api_host.iter().fold(settings, TcpSettings::host);
        Some(self.api_allow_origin.iter().fold(settings, TcpSettings::allow_origin))
    }
}
