//! TLS on the command line: where the certificate is, and loading it again when it has changed.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use ws_host::more::sha256;
use ws_host::{Builder, Handle};

use crate::watch::Watch;

/// The files that TLS is served with.
#[derive(Debug, Clone, Args)]
pub struct TlsFiles {
    /// Serve https:// and wss:// with the certificate in this PEM file, best with its whole chain
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

/// How a server comes by its certificate.
#[derive(Debug, Clone)]
pub enum Tls {
    /// It has none.
    Off,
    /// It makes one for this run.
    SelfSigned,
    /// Certificate and key.
    Files(PathBuf, PathBuf),
}

impl Tls {
    /// What the flags ask for. `self_signed` is `dev`'s `--tls`.
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

    /// The same for the library.
    pub fn apply(&self, builder: Builder) -> Builder {
        match self {
            Self::Off => builder,
            Self::SelfSigned => builder.self_signed_tls(),
            Self::Files(certificate, key) => builder.tls(certificate, key),
        }
    }

    /// The schemes of the addresses, for pages and for WebSockets.
    pub fn schemes(&self) -> (&'static str, &'static str) {
        if matches!(self, Self::Off) { ("http", "ws") } else { ("https", "wss") }
    }

    /// Watches the files, from before they are loaded. A server can do without: SIGHUP loads them too.
    pub fn follower(&self) -> Option<Follower> {
        let Self::Files(certificate, key) = self else { return None };
        match Watch::links(&[certificate, key]) {
            Ok(watch) => Some(Follower { watch, seen: fingerprint(certificate, key), files: [certificate.clone(), key.clone()] }),
            Err(error) => {
                tracing::warn!("a new certificate will not be noticed, send SIGHUP to load it: {error:#}");
                None
            }
        }
    }

    /// Loads the files again, on a thread that may block. The certificate before goes on when they are refused.
    pub async fn reload(&self, handle: &Handle) {
        if let Self::Files(certificate, _) = self {
            reload(certificate, handle).await;
        }
    }
}

/// Loads the certificate again whenever its files have changed.
pub struct Follower {
    watch: Watch,
    seen: [Option<String>; 2],
    files: [PathBuf; 2],
}

impl Follower {
    /// Follows the files for ever.
    pub async fn follow(mut self, handle: Handle) {
        loop {
            self.watch.changed().await;
            // Other files of the folder change too, and nobody wants to hear of the same broken one again and again.
            let now = fingerprint(&self.files[0], &self.files[1]);
            if now != self.seen {
                self.seen = now;
                reload(&self.files[0], &handle).await;
            }
        }
    }
}

fn fingerprint(certificate: &Path, key: &Path) -> [Option<String>; 2] {
    [certificate, key].map(|file| std::fs::read(file).ok().map(|bytes| sha256(&bytes)))
}

async fn reload(certificate: &Path, handle: &Handle) {
    let handle = handle.clone();
    match tokio::task::spawn_blocking(move || handle.reload_tls()).await {
        Ok(Ok(())) => tracing::info!("new connections get the certificate in {}, loaded again", certificate.display()),
        Ok(Err(error)) => tracing::error!("the certificate before goes on: {error}"),
        Err(error) => tracing::error!("the certificate before goes on: loading the new one ended in an unexpected way: {error}"),
    }
}
