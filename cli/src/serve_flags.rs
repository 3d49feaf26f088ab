//! The flags that `ws-host run` and `ws-host dev` share.

#[cfg(feature = "otlp")]
mod traces;

use std::path::PathBuf;

use clap::Args;
use ws_host::config::Listen;
use ws_host::{Builder, Server};

use crate::api::ApiFlags;
use crate::app_flags::AppFlags;
use crate::cluster::ClusterFlags;
use crate::compression;
use crate::config_file::Settings;
use crate::store_sync;
use crate::tls::TlsFiles;
use crate::units;
#[cfg(feature = "otlp")]
use traces::TraceFlags;

/// The flags of the server.
#[derive(Debug, Clone, Args)]
pub struct ServeFlags {
    /// The TCP port; 0 picks a free one
    #[arg(long, short, default_value_t = 13254, value_parser = units::port)]
    pub port: u16,
    /// The address to listen on, or a name for all of its addresses; 0.0.0.0 or :: opens it to the network
    #[arg(long, default_value = "localhost", value_parser = units::host, value_name = "HOST")]
    pub host: String,
    /// Listen at ADDRESS:PORT, unix:PATH or fd instead (repeatable)
    ///
    /// With --host or --port, the server listens there too.
    #[arg(long, value_name = "PLACE", value_parser = units::place)]
    pub listen: Vec<String>,
    /// Redirect plain HTTP at this place to https:// (repeatable)
    #[arg(long, hide_short_help = true, value_name = "PLACE", value_parser = units::place)]
    pub redirect_http: Vec<String>,
    /// Whether the host or the port was given.
    #[arg(skip)]
    pub is_addressed: bool,
    /// TLS.
    #[command(flatten)]
    pub tls_files: TlsFiles,
    /// Do not answer GET / with the chat page
    #[arg(long)]
    pub no_page: bool,
    /// Serve the files of this folder in place of the chat page
    #[arg(long = "static", value_name = "DIR")]
    pub static_files: Option<PathBuf>,
    /// Answer with this file of the folder where a browser asks for a page that is missing: index.html for an app that reads the path itself
    #[arg(long, hide_short_help = true, requires = "static_files", value_name = "FILE")]
    pub static_fallback: Option<String>,
    /// Admit pages of another origin, a scheme and host (repeatable)
    ///
    /// Also *.example.com, null for files, or *.
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Trust the X-Forwarded-For of this proxy: an address, a network such as 10.0.0.0/8, or unix for all on Unix sockets (repeatable)
    #[arg(long, hide_short_help = true, value_name = "CIDR")]
    pub trusted_proxy: Vec<String>,
    /// Trusted proxies send the client's address by the PROXY protocol, version 1 or 2, at the start of each connection
    #[arg(long, hide_short_help = true, requires = "trusted_proxy")]
    pub proxy_protocol: bool,
    /// The compression of messages (permessage-deflate), for clients that support it
    #[arg(long, hide_short_help = true, value_enum, default_value_t = compression::Mode::Shared, value_name = "MODE")]
    pub compression: compression::Mode,
    /// Keep the stores of rooms in this folder [default: in memory]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// When a write counts, and what its handler has sent goes out
    #[arg(long, hide_short_help = true, value_enum, default_value_t = store_sync::Mode::Full, value_name = "MODE")]
    pub store_sync: store_sync::Mode,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// The admin socket for `ws-host swap`, `rollback` and `status` [default: in the user's runtime folder, by port]
    #[arg(long, hide_short_help = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The API.
    #[command(flatten)]
    pub api: ApiFlags,
    /// Traces.
    #[cfg(feature = "otlp")]
    #[command(flatten)]
    pub traces: TraceFlags,
    /// The settings file that was read.
    #[arg(skip)]
    pub settings: Option<Settings>,
    /// The app.
    #[command(flatten)]
    pub app: AppFlags,
}

impl ServeFlags {
    /// Whether the server listens at `host` and `port`.
    pub fn has_address(&self) -> bool {
        self.is_addressed || self.listen.is_empty()
    }

    /// The port of the first address that the server listens at, as far as the flags tell: commands find the admin socket by it.
    pub fn first_port(&self) -> u16 {
        let first = || self.listen.iter().find_map(|place| place.parse::<Listen>().ok()?.port());
        if self.has_address() { self.port } else { first().unwrap_or(self.port) }
    }

    /// Configures a server. Neither TLS nor the component is part of it.
    ///
    /// # Errors
    /// An environment variable of the guest is invalid, or is to be passed on and not set.
    pub fn builder(self) -> anyhow::Result<Builder> {
        let mut builder = Server::builder()
            .page(!self.no_page)
            .proxy_protocol(self.proxy_protocol)
            .compression(self.compression.into())
            .store_sync(self.store_sync.into());
        if self.has_address() {
            builder = builder.listen_on(Listen::tcp(&self.host, self.port));
        }
        for place in &self.listen {
            builder = builder.listen_on(place.parse()?);
        }
        for place in &self.redirect_http {
            let place: Listen = place.parse()?;
            builder = builder.listen_on(place.redirect_by_default());
        }
        if let Some(file) = self.tls_files.tls_client_ca {
            builder = builder.tls_client_authorities(file, self.tls_files.tls_client_optional);
        }
        #[cfg(feature = "otlp")]
        {
            builder = self.traces.apply(builder);
        }
        if let Some(folder) = self.data {
            builder = builder.data(folder);
        }
        builder = self.cluster.apply(builder);
        if let Some(folder) = self.static_files {
            builder = builder.static_files(folder);
        }
        if let Some(file) = self.static_fallback {
            builder = builder.static_fallback(file);
        }
        for origin in self.allow_origin {
            builder = builder.allow_origin(origin);
        }
        for proxy in self.trusted_proxy {
            builder = builder.trusted_proxy(proxy);
        }
        self.app.apply(builder)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: ServeFlags,
    }

    #[test]
    fn commands_find_a_server_by_the_first_port_at_which_it_serves() {
        for (line, port) in [
            ("", 13254),
            ("--listen 127.0.0.1:80", 80),
            ("--listen unix:/run/a:1 --listen fd:2 --listen [::1]:81,plain", 81),
            ("--listen 127.0.0.1:80,redirect --listen 127.0.0.1:443", 443),
            ("--listen unix:/run/a", 13254),
        ] {
            let flags = Line::parse_from(format!("run {line}").split_whitespace()).flags;
            assert_eq!(flags.first_port(), port, "{line}");
        }
    }
}
