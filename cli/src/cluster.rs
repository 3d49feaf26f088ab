//! The flags of a node of a cluster.

use std::path::PathBuf;

use clap::Args;
use ws_host::Builder;
use ws_host::config::ClusterSettings;

use crate::units;

/// Where NATS is, and how the node shows who it is.
#[derive(Debug, Clone, Args)]
pub struct ClusterFlags {
    /// Be a node of the cluster at nats://HOST:4222 (repeatable)
    ///
    /// The nodes serve the same rooms, and keep what lasts in NATS. Several servers may stand behind commas.
    #[arg(long, value_delimiter = ',', value_parser = server, value_name = "URL")]
    pub cluster: Vec<String>,
    /// The cluster's name: clusters of other names share the NATS servers and nothing else
    #[arg(long, hide_short_help = true, requires = "cluster", default_value = "ws-host", value_parser = name, value_name = "NAME")]
    pub cluster_name: String,
    /// Show these credentials to the NATS servers, a .creds file
    #[arg(long, hide_short_help = true, requires = "cluster", value_name = "FILE")]
    pub cluster_credentials: Option<PathBuf>,
    /// Trust the certificate authorities in this PEM file for the NATS servers [default: the system's]
    #[arg(long, hide_short_help = true, requires = "cluster", value_name = "FILE")]
    pub cluster_ca: Option<PathBuf>,
    /// Show this certificate to the NATS servers, in PEM
    #[arg(long, hide_short_help = true, requires_all = ["cluster", "cluster_key"], value_name = "FILE")]
    pub cluster_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, hide_short_help = true, requires_all = ["cluster", "cluster_cert"], value_name = "FILE")]
    pub cluster_key: Option<PathBuf>,
    /// The copies that JetStream keeps of each record, as its streams are made: 1, 3 or 5
    #[arg(long, hide_short_help = true, requires = "cluster", default_value_t = 1, value_parser = replicas, value_name = "N")]
    pub cluster_replicas: u8,
    /// Make this component the cluster's next release if it differs from the one that the cluster runs [default: do not start]
    #[arg(long, hide_short_help = true, requires = "cluster")]
    pub cluster_swap: bool,
}

impl ClusterFlags {
    /// Configures a server. Without a NATS server it is no node of a cluster.
    pub fn apply(self, builder: Builder) -> Builder {
        if self.cluster.is_empty() {
            return builder;
        }
        builder.cluster(ClusterSettings {
            servers: self.cluster,
            name: self.cluster_name,
            credentials: self.cluster_credentials,
            ca: self.cluster_ca,
            certificate: self.cluster_cert.zip(self.cluster_key),
            replicas: self.cluster_replicas,
            swaps: self.cluster_swap,
        })
    }
}

fn server(text: &str) -> Result<String, String> {
    let url = text.trim();
    ClusterSettings::check_server(url).map(|()| url.to_owned()).map_err(|error| error.0)
}

fn name(text: &str) -> Result<String, String> {
    ClusterSettings::check_name(text).map(|()| text.to_owned()).map_err(|error| error.0)
}

fn replicas(text: &str) -> Result<u8, String> {
    let replicas = units::number(text)?;
    ClusterSettings::check_replicas(replicas).map(|()| replicas).map_err(|error| error.0)
}
