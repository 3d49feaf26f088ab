//! TLS on the command line: the source of the certificate, and its reload after a change.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use ws_host::{Builder, Handle};

use crate::follow::Follower;

/// The certificate and key files.
#[derive(Debug, Clone, Args)]
pub struct TlsFiles {
    /// Serve https:// and wss:// with the certificate chain in this PEM file
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

/// The source of the server's certificate.
#[derive(Debug, Clone)]
pub enum Tls {
    /// No TLS.
    Off,
    /// A self-signed certificate, made for this run.
    SelfSigned,
    /// PEM files: the certificate, then the key.
    Files(PathBuf, PathBuf),
}

impl Tls {
    /// Combines the flags. `self_signed` is `--tls` of `ws-host dev`.
    ///
    /// # Errors
    /// One of certificate and key is missing, or `--tls` stands beside them.
    pub fn new(files: TlsFiles, self_signed: bool) -> anyhow::Result<Self> {
        match (files.tls_cert, files.tls_key, self_signed) {
            (None, None, false) => Ok(Self::Off),
            (None, None, true) => Ok(Self::SelfSigned),
            (Some(certificate), Some(key), false) => Ok(Self::Files(certificate, key)),
            (Some(_), Some(_), true) => bail!("--tls makes a certificate, --tls-cert brings one. Leave one of them out"),
            (Some(_), None, _) => bail!("--tls-cert needs --tls-key. Give the file with the certificate's private key too"),
            (None, Some(_), _) => bail!("--tls-key needs --tls-cert. Give the file with the key's certificate too"),
        }
    }

    /// Configures the library's builder.
    pub fn apply(&self, builder: Builder) -> Builder {
        match self {
            Self::Off => builder,
            Self::SelfSigned => builder.self_signed_tls(),
            Self::Files(certificate, key) => builder.tls(certificate, key),
        }
    }

    /// Starts to watch the files; call it before they are loaded. If that fails, it logs a warning, as SIGHUP reloads them too.
    pub fn follower(&self) -> Option<Follower> {
        let Self::Files(certificate, key) = self else { return None };
        let follower = Follower::new(&[certificate, key]);
        follower
            .inspect_err(|error| tracing::warn!("a new certificate will not be noticed; send SIGHUP to load it: {error:#}"))
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
        if let Self::Files(certificate, _) = self {
            reload(certificate, handle).await;
        }
    }
}

async fn reload(certificate: &Path, handle: &Handle) {
    let handle = handle.clone();
    match tokio::task::spawn_blocking(move || handle.reload_tls()).await {
        Ok(Ok(())) => tracing::info!("reloaded: new connections get the certificate in {}", certificate.display()),
        Ok(Err(error)) => tracing::error!("the previous certificate stays in use: {error}"),
        Err(error) => tracing::error!("the previous certificate stays in use: loading the new one panicked: {error}"),
    }
}
