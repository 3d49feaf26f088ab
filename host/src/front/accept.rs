//! The loop that accepts connections.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::accept_rate::AcceptRate;
use super::descriptors;
use super::handshake::Handshakes;
use super::listeners::{Accepted, Listeners};
use super::setup::Setup;
use crate::config::Limits;
use crate::log::LogThrottle;
use crate::store::Database;

/// How long the loop waits when the system has no descriptor for a connection. The loop must neither spin nor end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The front door of a server.
#[derive(Debug)]
pub struct Front {
    handshakes: Arc<Handshakes>,
    descriptors: usize,
    max_connections: Option<usize>,
    accepts_per_second: Option<u32>,
    drain_delay: Duration,
}

impl Front {
    /// A front door that accepts nothing until `run`.
    pub fn new(setup: Setup) -> Self {
        let descriptors = descriptors::available();
        let Limits { max_connections, accepts_per_second, drain_delay, .. } = setup.limits;
        Self {
            handshakes: Arc::new(Handshakes::new(setup, descriptors)),
            descriptors,
            max_connections,
            accepts_per_second,
            drain_delay,
        }
    }

    /// Goes on where the database has been left. Nothing is accepted yet.
    pub async fn resume(&mut self, database: Database) -> Result<(), String> {
        let handshakes = Arc::get_mut(&mut self.handshakes).expect("connections share the handshakes, and none is accepted yet");
        handshakes.resume(database).await
    }

    /// Accepts connections until `stop` has a deadline and the drain delay is over, and returns that deadline.
    pub async fn run(self, mut listeners: Listeners, stop: watch::Receiver<Option<Instant>>) -> Instant {
        descriptors::log_limit(self.max_connections, self.descriptors);
        let mut rate = AcceptRate::new(self.accepts_per_second);
        let out_of_descriptors = LogThrottle::one("connections that wait");
        let mut stopped = pin!(stopped(stop, self.drain_delay));
        loop {
            let accepted = tokio::select! {
                accepted = accept(&mut listeners, &rate) => accepted,
                deadline = &mut stopped => {
                    self.handshakes.end();
                    return deadline;
                }
            };
            match accepted {
                Ok(accepted) => {
                    rate.accepted(Instant::now);
                    let handshakes = Arc::clone(&self.handshakes);
                    tokio::spawn(async move { handshakes.run(accepted).await });
                }
                // The connection ended while it waited in the kernel's queue.
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // Connections wait in the backlog meanwhile.
                    if let Some(more) = out_of_descriptors.allows(Instant::now()) {
                        tracing::warn!("no connection can be accepted for now, and they wait: {error}{more}");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Waits until no connection is accepted any more. Returns by when the server is to end.
async fn stopped(mut stop: watch::Receiver<Option<Instant>>, delay: Duration) -> Instant {
    let deadline = stop.wait_for(Option::is_some).await.ok().and_then(|deadline| *deadline);
    // Without a sender, nobody can set a deadline any more.
    let Some(deadline) = deadline else { return Instant::now() };
    if !delay.is_zero() {
        tracing::info!("not ready any more: connections are accepted for another {delay:?}");
        tokio::time::sleep(delay).await;
    }
    deadline
}

/// The next connection, once the rate allows it.
async fn accept(listeners: &mut Listeners, rate: &AcceptRate) -> io::Result<Accepted> {
    if let Some(ready) = rate.ready_at() {
        tokio::time::sleep_until(ready.into()).await;
    }
    listeners.accept().await
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted)
}
