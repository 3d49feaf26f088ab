//! The signals that end the server or swap its component.

use std::path::Path;

use tokio::signal::unix::{Signal, SignalKind, signal};
use ws_host::Handle;

use crate::notify;
use crate::swap::{count, swap};
use crate::tls::Tls;

/// A stream of the signals that Ctrl-C and service managers send.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// The request that a signal stands for.
enum Asked {
    Stop,
    Swap,
}

impl Signals {
    /// Starts to listen. From now on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// The system refuses a signal handler.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Swap,
        }
    }
}

/// SIGHUP reloads the certificate and swaps the component. The first SIGINT or SIGTERM drains the server. Returns at the second
/// one, when the remaining clients are to be cut.
pub async fn obey(mut signals: Signals, file: &Path, tls: &Tls, handle: &Handle) {
    let mut stopping = false;
    loop {
        match signals.next().await {
            Asked::Swap if stopping => {}
            Asked::Swap => {
                let (file, tls, handle) = (file.to_owned(), tls.clone(), handle.clone());
                // A task of its own: a room may take its time, and a signal to stop must not wait for it.
                tokio::spawn(async move {
                    notify::reloading();
                    tls.reload(&handle).await;
                    // `swap` has logged the error.
                    let _ = swap(&file, &handle).await;
                    notify::ready();
                });
            }
            Asked::Stop if stopping => return,
            Asked::Stop => {
                stopping = true;
                notify::stopping();
                let clients = count(handle.clients().len(), "client is", "clients are");
                tracing::info!("stopping: {clients} being closed; signal again to cut them");
                handle.shutdown();
            }
        }
    }
}
