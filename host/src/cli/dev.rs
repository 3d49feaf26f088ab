//! `ws-host dev`: builds the guest project in a directory and serves it, again and again.

use std::path::{Path, PathBuf};

use anyhow::bail;
use ws_host::Handle;

use super::cargo::{NotBuilt, build, ensure_target};
use super::tls::Tls;
use super::watch::Watch;
use super::{DevArguments, run};

/// Builds, then serves.
pub fn dev(arguments: DevArguments) -> anyhow::Result<()> {
    let dir = arguments.dir;
    if dir.is_file() {
        bail!(
            "{0} is a file, not the directory of a guest project. A built component is served with `ws-host run {0}`",
            dir.display()
        );
    }
    if !dir.is_dir() {
        bail!("there is no directory {}. Give the directory of a guest project, the one with its Cargo.toml", dir.display());
    }
    if !dir.join("Cargo.toml").is_file() {
        bail!("the directory {} has no Cargo.toml. Give the directory of a guest project written in Rust", dir.display());
    }
    let tls = Tls::new(arguments.serving.tls_files.clone(), arguments.tls)?;
    ensure_target(&dir)?;
    // Before the first build, so that no change is missed while it runs.
    let watch = Watch::sources(&dir)?;
    let component = build(&dir)?;
    run::serve(&component, arguments.serving, tls, true, async |handle| follow_sources(watch, &dir, &handle).await)
}

/// Builds again whenever the sources have changed, and swaps when that worked. When it did not, the compiler has said
/// why, in the terminal and in the page, and the release before goes on.
async fn follow_sources(mut watch: Watch, dir: &Path, handle: &Handle) {
    loop {
        watch.changed().await;
        let refused = match build_aside(dir).await {
            Ok(component) => run::swap(&component, handle).await.err().map(|error| error.to_string()),
            Err(error) => {
                tracing::error!("{error}; the release before goes on");
                Some(format!("The build failed; the release before goes on.\n\n{}", error.diagnostics))
            }
        };
        handle.set_notice(refused.unwrap_or_default());
    }
}

/// Builds on a thread of its own: the server goes on meanwhile.
async fn build_aside(dir: &Path) -> Result<PathBuf, NotBuilt> {
    let sources = dir.to_owned();
    match tokio::task::spawn_blocking(move || build(&sources)).await {
        Ok(built) => built,
        Err(error) => Err(NotBuilt::new(format!("the build ended in an unexpected way: {error}"))),
    }
}
