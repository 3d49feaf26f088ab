//! The flags that tell how an app runs: its rooms, its environment, its limits. `ws-host run`, `dev` and `test` share them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ws_host::Builder;
use ws_host::config::Instances;

use crate::env;
use crate::limits::LimitFlags;
use crate::units;

/// The flags of the app.
#[derive(Debug, Clone, Args)]
pub struct AppFlags {
    /// Give the guest an environment variable: NAME=VALUE, or NAME to pass on the host's own value (repeatable)
    #[arg(long, hide_short_help = true, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Let the guest send HTTP requests to a server: HOST, HOST:PORT, *.example.com or * (repeatable) [default: to none]
    #[arg(long, hide_short_help = true, value_name = "HOST[:PORT]")]
    pub allow_http: Vec<String>,
    /// Let its requests go to addresses of this network, which is not public, too (repeatable)
    #[arg(long, hide_short_help = true, requires = "allow_http", value_name = "CIDR")]
    pub allow_http_private: Vec<String>,
    /// Trust the certificate authorities in this PEM file, besides the system's, in its requests
    #[arg(long, hide_short_help = true, requires = "allow_http", value_name = "FILE")]
    pub fetch_ca: Option<PathBuf>,
    /// Which clients share an instance of the guest
    #[arg(long, value_enum, default_value_t = Sharing::Shared, value_name = "MODE")]
    pub instances: Sharing,
    /// With --instances per-room: the part of the path that names the room, as in /chat/{room} [default: the whole path]
    #[arg(long, value_name = "PATTERN")]
    pub room_path: Option<String>,
    /// With several rooms: the number of threads that run them; 0 means one for each core
    #[arg(long, hide_short_help = true, default_value_t = 0, value_parser = units::number::<usize>, value_name = "N")]
    pub shards: usize,
    /// The limits.
    #[command(flatten)]
    pub limits: LimitFlags,
}

/// The clients that share an instance of the guest.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Sharing {
    /// One instance for all clients
    Shared,
    /// One instance for each room; the path names the room
    PerRoom,
    /// One instance for each connection
    PerClient,
}

impl AppFlags {
    /// Configures a server.
    ///
    /// # Errors
    /// An environment variable is invalid, or is to be passed on and not set.
    pub fn apply(self, builder: Builder) -> anyhow::Result<Builder> {
        // Checked first, because without a needed secret the rest is useless.
        let env = env::variables(&self.env)?;
        let instances = match self.instances {
            Sharing::Shared => Instances::Shared,
            Sharing::PerRoom => Instances::PerRoom,
            Sharing::PerClient => Instances::PerClient,
        };
        let mut builder = builder.instances(instances).shards(self.shards).limits(self.limits.into());
        if let Some(pattern) = self.room_path {
            builder = builder.room_path(pattern);
        }
        for server in self.allow_http {
            builder = builder.allow_http(server);
        }
        for network in self.allow_http_private {
            builder = builder.allow_http_private(network);
        }
        if let Some(file) = self.fetch_ca {
            builder = builder.fetch_ca(file);
        }
        for (name, value) in env {
            builder = builder.env(name, value);
        }
        Ok(builder)
    }
}
