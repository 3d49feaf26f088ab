//! The loop that accepts connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::forwarded::Proxies;
use super::linger::Linger;
use super::origin::OriginPolicy;
use super::pace::Pace;
use super::page::Page;
use super::places::Places;
use super::router::Router;
use super::seldom::Seldom;
use super::tls::Tls;
use crate::config::{Compression, Limits};

/// How long the loop waits when the system cannot give it a connection: it must neither spin nor end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Descriptors that are always left for files, listeners and what comes in to be refused.
const LEAST_LEFT: usize = 32;

/// What the front door needs to know. Shared by all connections that are not upgraded yet.
#[derive(Debug)]
pub struct Front {
    /// What `GET /` answers with.
    pub page: Page,
    /// Whose pages may connect.
    pub origins: OriginPolicy,
    /// Whether and how messages are compressed.
    pub compression: Compression,
    /// Whose word about a client's address counts.
    pub proxies: Proxies,
    /// False from the owner's `deny_new_clients` to `allow_new_clients`.
    pub admitting: Arc<AtomicBool>,
    /// Finds rooms.
    pub router: Router,
    /// Places for connections.
    pub places: Places,
    /// Ends what is refused.
    pub linger: Linger,
    /// The limits.
    pub limits: Limits,
    /// How many pages were refused for their origin.
    pub origins_refused: AtomicU64,
    /// Speaks of connections that were refused because there are too many.
    pub too_many: Seldom,
    /// The id of the next client.
    pub next_id: AtomicU64,
    /// The certificate, if it speaks TLS.
    pub tls: Option<Arc<Tls>>,
}

impl Front {
    /// The front door of a server.
    pub fn new(
        page: Page,
        origins: OriginPolicy,
        compression: Compression,
        proxies: Proxies,
        admitting: Arc<AtomicBool>,
        router: Router,
        limits: Limits,
    ) -> Self {
        let max_connections = limits.max_connections.unwrap_or_else(|| connections_for(descriptors()));
        Self {
            page,
            origins,
            compression,
            proxies,
            admitting,
            router,
            places: Places::new(max_connections, limits.max_per_address),
            linger: Linger::new(descriptors()),
            limits,
            origins_refused: AtomicU64::new(0),
            too_many: Seldom::default(),
            tls: None,
            next_id: AtomicU64::new(1),
        }
    }

    /// The same door with TLS.
    pub fn with_tls(mut self, tls: Option<Arc<Tls>>) -> Self {
        self.tls = tls;
        self
    }

    /// Accepts until `stop` names a deadline for what follows, and answers that.
    pub async fn run(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<Option<Instant>>) -> Instant {
        tell_how_many(self.limits.max_connections, descriptors());
        let mut pace = Pace::new(self.limits.accepts_per_second);
        let out_of_descriptors = Seldom::default();
        loop {
            let accepted = tokio::select! {
                accepted = accept(&listener, &pace) => accepted,
                deadline = stop.wait_for(Option::is_some) => {
                    // Without a sender there is nobody who could say until when to wait.
                    return deadline.ok().and_then(|deadline| *deadline).unwrap_or_else(Instant::now);
                }
            };
            match accepted {
                Ok((stream, address)) => {
                    pace.accepted(Instant::now);
                    // A listener for both IPs shows an IPv4 address as one of IPv6.
                    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                    let front = Arc::clone(&self);
                    tokio::spawn(async move { front.welcome(stream, address).await });
                }
                // The connection ended between the kernel's queue and us.
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // Who comes waits in the backlog meanwhile.
                    if out_of_descriptors.may_say(Instant::now()).is_some() {
                        tracing::warn!("no connection can be accepted for now, and they wait: {error}");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// The next connection, once the pace allows it.
async fn accept(listener: &TcpListener, pace: &Pace) -> io::Result<(TcpStream, SocketAddr)> {
    if let Some(ready) = pace.ready_at() {
        tokio::time::sleep_until(ready.into()).await;
    }
    listener.accept().await
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted)
}

/// The descriptors that the process may have.
fn descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(1 << 20, |limit| usize::try_from(limit).unwrap_or(1 << 20))
}

/// Nine tenths of the descriptors, or less where a tenth would be too few for all the rest.
fn connections_for(descriptors: usize) -> usize {
    descriptors.saturating_sub(LEAST_LEFT.max(descriptors.div_ceil(10))).max(1)
}

fn tell_how_many(chosen: Option<usize>, descriptors: usize) {
    let possible = connections_for(descriptors);
    match chosen {
        None => tracing::info!("connections at a time: {possible}, 90 % of the {descriptors} descriptors (ulimit -n)"),
        Some(chosen) if chosen > possible => tracing::warn!(
            "--max-connections {chosen} is more than the {descriptors} descriptors of this process (ulimit -n) are enough for: {possible}"
        ),
        Some(chosen) => tracing::info!("connections at a time: {chosen}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_descriptors_is_left_and_32_at_least() {
        assert_eq!(connections_for(1024), 921);
        assert_eq!(connections_for(1 << 20), 943_718);
        assert_eq!(connections_for(100), 68);
        assert_eq!(connections_for(16), 1);
    }
}
