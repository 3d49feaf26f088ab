//! The loop that accepts connections of the API.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::log::LogThrottle;

/// The connections of one door at a time. Further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 256;
/// How long to wait when the system has no descriptor for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens.
pub trait Listener {
    /// Its connections.
    type Connection: Send;

    /// Waits for the next connection. To drop this future loses none.
    fn next(&self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

/// Accepts until `end`, and waits for the connections that then are left. `serve` has to end soon after that.
pub async fn accept_all<L: Listener, F>(what: &'static str, end: impl Future, listener: &L, serve: impl Fn(L::Connection) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let failing = LogThrottle::one(what);
    let mut connections = JoinSet::new();
    let mut end = std::pin::pin!(end);
    loop {
        tokio::select! {
            accepted = listener.next(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok(connection) => drop(connections.spawn(serve(connection))),
                Err(error) => {
                    if let Some(more) = failing.allows(Instant::now()) {
                        tracing::warn!("{what} cannot accept: {error}{more}");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = &mut end => break,
        }
    }
    while connections.join_next().await.is_some() {}
}
