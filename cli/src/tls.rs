//! TLS on the command line: the source of the certificate, and its reload after a change.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use ws_host::{Builder, Handle};

use crate::follow::Follower;

/// The certificate and key files.
#[derive(Debug, Clone, Args)]
pub struct TlsFiles {
    /// The certificate chain for https:// and wss://, in PEM (repeatable)
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Vec<PathBuf>,
    /// The certificate's private key, in PEM (repeatable: in the same order)
    #[arg(long, value_name = "FILE")]
    pub tls_key: Vec<PathBuf>,
    /// Ask clients for a certificate of an authority in this PEM file, and refuse those without one
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub tls_client_ca: Option<PathBuf>,
    /// Admit clients without a certificate too
    #[arg(long, hide_short_help = true, requires = "tls_client_ca")]
    pub tls_client_optional: bool,
}

/// The source of the server's certificate.
#[derive(Debug, Clone)]
pub enum Tls {
    /// No TLS.
    Off,
    /// A self-signed certificate, made for this run.
    SelfSigned,
    /// PEM files: of each certificate, then of its key.
    Files(Vec<(PathBuf, PathBuf)>),
}

impl Tls {
    /// Combines the flags. `self_signed` is `--tls` of `ws-host dev`.
    ///
    /// # Errors
    /// A certificate has no key or the other way round, or `--tls` stands beside them.
    pub fn new(files: TlsFiles, self_signed: bool) -> anyhow::Result<Self> {
        match (files.tls_cert.len(), files.tls_key.len(), self_signed) {
            (0, 0, false) => Ok(Self::Off),
            (0, 0, true) => Ok(Self::SelfSigned),
            (_, 0, _) => bail!("--tls-cert needs --tls-key. Give the file with the certificate's private key too"),
            (0, ..) => bail!("--tls-key needs --tls-cert. Give the file with the key's certificate too"),
            (certificates, keys, _) if certificates != keys => {
                bail!(
                    "--tls-cert is given {certificates} times and --tls-key {keys} times. Give each certificate its key, in the same order"
                )
            }
            (.., true) => bail!("--tls makes a certificate, --tls-cert brings one. Leave one of them out"),
            (.., false) => Ok(Self::Files(files.tls_cert.into_iter().zip(files.tls_key).collect())),
        }
    }

    /// Configures the library's builder.
    pub fn apply(&self, builder: Builder) -> Builder {
        match self {
            Self::Off => builder,
            Self::SelfSigned => builder.self_signed_tls(),
            Self::Files(files) => files.iter().fold(builder, |builder, (certificate, key)| builder.tls(certificate, key)),
        }
    }

    /// Starts to watch the files; call it before they are loaded. If that fails, it logs a warning, as SIGHUP reloads them too.
    pub fn follower(&self) -> Option<Follower> {
        let Self::Files(files) = self else { return None };
        let files: Vec<&Path> = files.iter().flat_map(|(certificate, key)| [&**certificate, &**key]).collect();
        let follower = Follower::new(&files);
        follower
            .inspect_err(|error| tracing::warn!("a new certificate will not be noticed; `ws-host reload` loads it: {error:#}"))
            .ok()
    }

    /// Reloads the files whenever their content has changed.
    pub async fn follow(&self, mut files: Follower, handle: &Handle) {
        loop {
            files.changed().await;
            self.reload(handle).await;
        }
    }

    /// Reloads the files on a blocking thread. If they are refused, the previous certificate stays in use.
    pub async fn reload(&self, handle: &Handle) {
        if let Self::Files(files) = self {
            let certificates: Vec<_> = files.iter().map(|(certificate, _)| certificate.display().to_string()).collect();
            reload(&certificates.join(", "), handle).await;
        }
    }
}

async fn reload(certificates: &str, handle: &Handle) {
    let handle = handle.clone();
    match tokio::task::spawn_blocking(move || handle.reload_tls()).await {
        Ok(Ok(())) => tracing::info!("reloaded: new connections get the certificate in {certificates}"),
        Ok(Err(error)) => tracing::error!("the previous certificate stays in use: {error}"),
        Err(error) => tracing::error!("the previous certificate stays in use: loading the new one panicked: {error}"),
    }
}
