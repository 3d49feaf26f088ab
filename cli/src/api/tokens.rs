//! The file of the API's tokens, which is read again when it changes.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};
use ws_host::api::doors::TokenFile;

use crate::explain;
use crate::follow::Follower;

/// Starts to watch the file. If that fails, it logs a warning, as SIGHUP reads it too.
pub fn follower(file: &Path) -> Option<Follower> {
    let follower = Follower::new(&[file]);
    follower.inspect_err(|error| tracing::warn!("new tokens will not be noticed; send SIGHUP to read them: {error:#}")).ok()
}

/// Reads the file again whenever its content has changed, and on SIGHUP.
pub async fn follow(file: TokenFile, mut follower: Option<Follower>) {
    let Ok(mut hang_up) = signal(SignalKind::hangup()).inspect_err(|error| tracing::warn!("cannot listen for SIGHUP: {error}"))
    else {
        return;
    };
    loop {
        let changed = async {
            match &mut follower {
                Some(follower) => drop(follower.changed().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            _ = hang_up.recv() => {}
        }
        reload(&file).await;
    }
}

/// Reads the file on a blocking thread. If it is refused, the previous tokens stay in use.
async fn reload(file: &TokenFile) {
    let (path, read) = (file.path().display().to_string(), file.clone());
    match tokio::task::spawn_blocking(move || read.reload()).await {
        Ok(Ok(1)) => tracing::info!("reloaded: the API takes the token in {path}"),
        Ok(Ok(number)) => tracing::info!("reloaded: the API takes the {number} tokens in {path}"),
        Ok(Err(error)) => {
            tracing::error!("the previous tokens stay in use; send SIGHUP to read them again: {}", explain::in_flags(&error));
        }
        Err(error) => tracing::error!("the previous tokens stay in use: reading {path} panicked: {error}"),
    }
}
