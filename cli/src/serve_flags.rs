//! The flags that `ws-host run` and `ws-host dev` share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ws_host::config::Instances;
use ws_host::{Builder, Server};

use crate::compression;
use crate::limits::LimitFlags;
use crate::tls::TlsFiles;
use crate::units;

/// The flags of the server.
#[derive(Debug, Args)]
pub struct ServeFlags {
    /// The TCP port; 0 picks a free one
    #[arg(long, short, default_value_t = 13254, value_parser = units::port)]
    pub port: u16,
    /// The address to listen on, or a name for all of its addresses; 0.0.0.0 or :: opens it to the network
    #[arg(long, default_value = "localhost", value_parser = units::host, value_name = "HOST")]
    pub host: String,
    /// TLS.
    #[command(flatten)]
    pub tls_files: TlsFiles,
    /// Do not answer GET / with the chat page
    #[arg(long)]
    pub no_page: bool,
    /// Admit pages of another origin: its scheme and host, *.example.com, null (files) or * (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Give the guest an environment variable: NAME=VALUE, or NAME to pass on the host's own value (repeatable)
    #[arg(long, hide_short_help = true, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Trust the X-Forwarded-For of this proxy, an address or a network such as 10.0.0.0/8 (repeatable)
    #[arg(long, hide_short_help = true, value_name = "CIDR")]
    pub trusted_proxy: Vec<String>,
    /// Trusted proxies send the client's address by the PROXY protocol, version 1 or 2, at the start of each connection
    #[arg(long, hide_short_help = true, requires = "trusted_proxy")]
    pub proxy_protocol: bool,
    /// Which clients share an instance of the guest
    #[arg(long, value_enum, default_value_t = Sharing::Shared, value_name = "MODE")]
    pub instances: Sharing,
    /// With --instances per-room: the part of the path that names the room, as in /chat/{room} [default: the whole path]
    #[arg(long, value_name = "PATTERN")]
    pub room_path: Option<String>,
    /// With several rooms: the number of threads that run them; 0 means one for each core
    #[arg(long, hide_short_help = true, default_value_t = 0, value_parser = units::number::<usize>, value_name = "N")]
    pub shards: usize,
    /// The compression of messages (permessage-deflate), for clients that support it
    #[arg(long, hide_short_help = true, value_enum, default_value_t = compression::Mode::Shared, value_name = "MODE")]
    pub compression: compression::Mode,
    /// The admin socket for `ws-host swap`, `rollback` and `status` [default: in the user's runtime folder, by port]
    #[arg(long, hide_short_help = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The settings file that was read.
    #[arg(skip)]
    pub settings: Option<PathBuf>,
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

impl ServeFlags {
    /// Configures a server of the component in `file`, with these environment variables. TLS is not part of it.
    pub fn builder(self, file: &Path, env: Vec<(String, String)>) -> Builder {
        let instances = match self.instances {
            Sharing::Shared => Instances::Shared,
            Sharing::PerRoom => Instances::PerRoom,
            Sharing::PerClient => Instances::PerClient,
        };
        let mut builder = Server::builder()
            .component(file)
            .host(self.host)
            .port(self.port)
            .page(!self.no_page)
            .instances(instances)
            .proxy_protocol(self.proxy_protocol)
            .shards(self.shards)
            .compression(self.compression.into())
            .limits(self.limits.into());
        if let Some(pattern) = self.room_path {
            builder = builder.room_path(pattern);
        }
        for origin in self.allow_origin {
            builder = builder.allow_origin(origin);
        }
        for (name, value) in env {
            builder = builder.env(name, value);
        }
        for proxy in self.trusted_proxy {
            builder = builder.trusted_proxy(proxy);
        }
        builder
    }
}
