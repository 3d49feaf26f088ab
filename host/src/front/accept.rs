//! The loop that accepts connections.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::accept_rate::AcceptRate;
use super::descriptors;
use super::handshake::Handshakes;
use super::listeners::{Accepted, Listeners};
use super::setup::Setup;
use super::wishes::{Stop, Why, Wishes};
use crate::cluster::Node;
use crate::config::Limits;
use crate::log::LogThrottle;
use crate::store::Database;

/// How long the loop waits when the system has no descriptor for a connection. The loop must neither spin nor end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The most time for the handshakes that are under way when another process takes the server over.
const FINISH: Duration = Duration::from_secs(1);

/// The front door of a server.
#[derive(Debug)]
pub struct Front {
    handshakes: Arc<Handshakes>,
    descriptors: usize,
    max_connections: Option<usize>,
}

impl Front {
    /// A front door that accepts nothing until `run`.
    pub fn new(setup: Setup) -> Self {
        let descriptors = descriptors::available();
        let Limits { max_connections, .. } = setup.limits;
        Self { handshakes: Arc::new(Handshakes::new(setup, descriptors)), descriptors, max_connections }
    }

    /// Goes on where the database has been left. Nothing is accepted yet.
    pub async fn resume(&mut self, database: Database) -> Result<(), String> {
        let handshakes = Arc::get_mut(&mut self.handshakes).expect("connections share the handshakes, and none is accepted yet");
        handshakes.resume(database).await
    }

    /// The ids of clients are those of this node of a cluster. Nothing is accepted yet.
    pub fn join(&mut self, node: Node) {
        let handshakes = Arc::get_mut(&mut self.handshakes).expect("connections share the handshakes, and none is accepted yet");
        handshakes.join(node);
    }

    /// Accepts connections until the end is wished for, and returns that wish.
    pub async fn run(self, mut listeners: Listeners, wishes: Wishes) -> Stop {
        let Wishes { stop, mut sockets, rate: mut wanted } = wishes;
        descriptors::log_limit(self.max_connections, self.descriptors);
        let mut rate = AcceptRate::new(*wanted.borrow_and_update());
        let out_of_descriptors = LogThrottle::one("connections that wait");
        let mut stop = pin!(stopped(stop));
        // Each handshake has a sender: the channel ends with the last one.
        let (under_way, done) = mpsc::channel::<()>(1);
        let stop = loop {
            let accepted = tokio::select! {
                accepted = accept(&mut listeners, &rate) => accepted,
                Some(wish) = sockets.recv() => {
                    let _ = wish.send(listeners.share());
                    continue;
                }
                Ok(()) = wanted.changed() => {
                    rate = AcceptRate::new(*wanted.borrow_and_update());
                    continue;
                }
                stop = &mut stop => break stop,
            };
            match accepted {
                Ok(accepted) => {
                    rate.accepted(Instant::now);
                    let (handshakes, under_way) = (Arc::clone(&self.handshakes), under_way.clone());
                    tokio::spawn(async move {
                        handshakes.run(accepted).await;
                        drop(under_way);
                    });
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
        };
        self.handshakes.end();
        drop((listeners, under_way));
        if stop.why == Why::Takeover {
            finish(done, stop.deadline).await;
        }
        stop
    }
}

/// Waits until no connection is accepted any more. Returns the wish for the end.
async fn stopped(mut stop: watch::Receiver<Option<Stop>>) -> Stop {
    let stop = stop.wait_for(Option::is_some).await.ok().and_then(|stop| *stop);
    // Without a sender, nobody can wish for the end any more.
    let now = || Stop { delay: Duration::ZERO, deadline: Instant::now(), why: Why::Shutdown };
    let stop = stop.unwrap_or_else(now);
    if !stop.delay.is_zero() {
        tracing::info!("not ready any more: connections are accepted for another {:?}", stop.delay);
        tokio::time::sleep(stop.delay).await;
    }
    stop
}

/// Waits for the handshakes of a server that another process takes over: their clients came to a server that never stopped, and none is refused.
/// One that says nothing must not hold the others up.
async fn finish(mut under_way: mpsc::Receiver<()>, deadline: Instant) {
    let patience = FINISH.min(deadline.saturating_duration_since(Instant::now()) / 4);
    let _ = tokio::time::timeout(patience, under_way.recv()).await;
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
