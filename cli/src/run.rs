//! `ws-host run`: serves a component and, with `--watch`, each new version of its file.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use ws_host::Handle;
use ws_host::api::LogTail;

use crate::follow::Follower;
use crate::pages;
use crate::reload::ReadAgain;
use crate::serve::Serving;
use crate::serve_flags::ServeFlags;
use crate::succession::{Before, serve_on};
use crate::swap::swap;
use crate::tls::Tls;

const EXAMPLES: &str = "\
Examples:
  ws-host run chat.wasm --watch                  swap whenever the file changes
  ws-host run chat.wasm --instances per-room --room-path '/chat/{room}'
  ws-host run chat.wasm --allow-origin https://app.example";

/// `ws-host run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RunArguments {
    /// The component
    pub file: Option<PathBuf>,
    /// Swap to the new component whenever the file changes
    #[arg(long, short)]
    pub watch: bool,
    /// Take the place of the server at the admin socket, which ends; no connection is refused meanwhile
    ///
    /// It gets the listening sockets of that server. Without one, it starts as always.
    #[arg(long, hide_short_help = true)]
    pub takeover: bool,
    /// The options that `run` shares with `dev`.
    #[command(flatten)]
    pub serving: ServeFlags,
}

/// Serves the file until the server ends.
///
/// # Errors
/// The component, the certificate or the server's address cannot be used.
pub fn run(arguments: RunArguments, log: &LogTail, again: ReadAgain) -> anyhow::Result<()> {
    let RunArguments { file, watch, takeover, serving } = arguments;
    // `settings::parse` ends the process if it is missing.
    let file = file.context("the component is missing")?;
    let tls = Tls::new(serving.tls_files.clone(), false)?;
    if let Some(line) = pages::left_out(&serving, &file) {
        tracing::info!("{line}");
    }
    let before = if takeover { Before::running(&serving)? } else { None };
    serve_on(before, |before| {
        let follower = if watch { Some(Follower::new(&[&file])?) } else { None };
        let serving = Serving::new(serving.clone(), tls.clone(), before, |builder| builder.log_tail(log.clone()))?;
        serving.serve(&file, again, async |handle| match follower {
            Some(follower) => follow_file(follower, &file, &handle).await,
            None => std::future::pending().await,
        })
    })
}

/// Swaps whenever the content of the file has changed, unless it is what runs already.
async fn follow_file(mut follower: Follower, path: &Path, handle: &Handle) {
    loop {
        let [content] = follower.changed().await else { continue };
        let running = handle.release();
        if running.is_some_and(|running| running.sha256 != *content) {
            // `swap` has logged the error.
            let _ = swap(path, handle).await;
        }
    }
}
