//! The signals and requests that end the server or reload it.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use ws_host::Handle;
use ws_host::api::ReloadRequest;

use crate::notify;
use crate::reload::Reload;
use crate::swap::count;

/// A stream of the signals that Ctrl-C and service managers send. It outlives an event loop: a signal that comes between two of them is
/// not lost.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// The request that a signal stands for.
enum Asked {
    Stop,
    /// Read the settings again, and answer to somebody who waits.
    Reload(Option<ReloadRequest>),
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

    /// Waits for a signal to end.
    pub async fn stop(&mut self) {
        while !matches!(self.next().await, Asked::Stop) {}
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Reload(None),
        }
    }
}

/// SIGHUP and the API have the settings read again. The first SIGINT or SIGTERM drains the server. Returns at the second one, when the remaining
/// clients are to be cut.
pub async fn obey(signals: &mut Signals, mut requests: mpsc::Receiver<ReloadRequest>, reload: &Arc<Reload>, handle: &Handle) {
    let mut stopping = false;
    loop {
        let asked = tokio::select! {
            asked = signals.next() => asked,
            Some(answer) = requests.recv() => Asked::Reload(Some(answer)),
        };
        match asked {
            Asked::Reload(_) if stopping => {}
            Asked::Reload(answer) => {
                let reload = Arc::clone(reload);
                // A task of its own: a room may take its time, and a signal to stop must not wait for it.
                tokio::spawn(async move {
                    let done = reload.run().await;
                    answer.map(|answer| answer.send(done));
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
