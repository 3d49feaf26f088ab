//! `ws-host dev`: builds the guest project in a directory and serves it, again and again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;
use ws_host::Handle;

use super::watch::Watch;
use super::{DevArguments, run};

/// Rust's target whose output is a component.
const TARGET: &str = "wasm32-wasip2";

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
    ensure_target()?;
    // Before the first build, so that no change is missed while it runs.
    let watch = Watch::sources(&dir)?;
    let component = build(&dir)?;
    run::serve(&component, arguments.serving, async |handle| follow_sources(watch, &dir, &handle).await)
}

/// Builds again whenever the sources have changed, and swaps when that worked. When it did not, the compiler has said
/// why, and the release before goes on.
async fn follow_sources(mut watch: Watch, dir: &Path, handle: &Handle) {
    loop {
        watch.changed().await;
        let sources = dir.to_owned();
        match tokio::task::spawn_blocking(move || build(&sources)).await {
            Ok(Ok(component)) => run::swap(&component, handle).await,
            Ok(Err(error)) => tracing::error!("{error:#}; the release before goes on"),
            Err(error) => tracing::error!("the build ended in an unexpected way: {error}"),
        }
    }
}

/// Adds the wasm target through rustup when it is missing. rustup's own automatic installation may be switched off.
fn ensure_target() -> anyhow::Result<()> {
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let libraries = libraries.context("cannot run rustc. Install Rust with rustup, then run this again")?;
    let folder = String::from_utf8_lossy(&libraries.stdout).trim().to_owned();
    if libraries.status.success() && Path::new(&folder).is_dir() {
        return Ok(());
    }
    tracing::info!("adding the Rust target {TARGET} through rustup");
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    let added = added.with_context(|| format!("the Rust target {TARGET} is missing, and rustup cannot be run to add it"))?;
    if !added.success() {
        bail!("rustup could not add the Rust target {TARGET} (see above)");
    }
    Ok(())
}

/// Builds the project for the wasm target and answers where its component is. cargo writes to our stderr, as it would
/// to the developer's.
fn build(dir: &Path) -> anyhow::Result<PathBuf> {
    tracing::info!("building {} for {TARGET}", dir.display());
    let output = Command::new("cargo")
        .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .current_dir(dir)
        // Flags for this machine's processor or linker mean nothing to the guest's.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo. Install Rust with rustup, then run this again")?;
    if !output.status.success() {
        bail!("{} did not build (see above)", dir.display());
    }
    let components: Vec<PathBuf> = String::from_utf8_lossy(&output.stdout).lines().flat_map(components).collect();
    match components.as_slice() {
        [component] => Ok(component.clone()),
        [] => {
            bail!("{} built, but made no component. Set `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml", dir.display())
        }
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            bail!(
                "{} made several components: {}. Run `ws-host dev` in the directory of one of them",
                dir.display(),
                names.join(", ")
            )
        }
    }
}

/// The components that one of cargo's messages tells of.
fn components(message: &str) -> Vec<PathBuf> {
    let message: Value = serde_json::from_str(message).unwrap_or_default();
    if message["reason"] != "compiler-artifact" {
        return Vec::new();
    }
    let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    files.filter(|file| file.ends_with(".wasm")).map(PathBuf::from).collect()
}
