//! The loop that accepts connections, and their hand-over to the shard.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use bytestring::ByteString;
use hyper::body::Incoming;
use hyper::rt::Timer;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::origin::OriginPolicy;
use super::page::Page;
use super::request::{self, Upgrade};
use super::router::{Route, Router};
use super::stream::Stream;
use super::tls::Tls;
use crate::protocol;
use crate::shard::{Command, Newcomer};
use crate::types::Client;

/// What an upgrade request may measure, its header fields included.
const MAX_REQUEST_BYTES: usize = 16 << 10;
/// How long the loop waits when the system cannot give it a connection: it must neither spin nor end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the front door needs to know. Shared by all connections that are not upgraded yet.
#[derive(Debug)]
pub struct Front {
    /// What `GET /` answers with.
    pub page: Page,
    /// Whose pages may connect.
    pub origins: OriginPolicy,
    /// False from the owner's `deny_new_clients` to `allow_new_clients`.
    pub admitting: Arc<AtomicBool>,
    /// Finds rooms.
    pub router: Router,
    /// Places for connections.
    pub places: Arc<Semaphore>,
    /// From the connection to the end of the request.
    pub handshake_timeout: Duration,
    /// How many pages were refused for their origin.
    pub origins_refused: AtomicU64,
    tls: Option<Arc<Tls>>,
    next_id: AtomicU64,
}

impl Front {
    /// The front door of a server.
    pub fn new(
        page: Page,
        origins: OriginPolicy,
        admitting: Arc<AtomicBool>,
        router: Router,
        max_connections: usize,
        handshake_timeout: Duration,
    ) -> Self {
        Self {
            page,
            origins,
            admitting,
            router,
            places: Arc::new(Semaphore::new(max_connections)),
            handshake_timeout,
            origins_refused: AtomicU64::new(0),
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
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                deadline = stop.wait_for(Option::is_some) => {
                    // Without a sender there is nobody who could say until when to wait.
                    return deadline.ok().and_then(|deadline| *deadline).unwrap_or_else(Instant::now);
                }
            };
            match accepted {
                Ok((stream, address)) => {
                    let front = Arc::clone(&self);
                    tokio::spawn(async move { front.welcome(stream, address).await });
                }
                // The connection ended between the kernel's queue and us.
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    tracing::warn!("no connection can be accepted for now: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Sees one connection through its HTTP request.
    async fn welcome(self: Arc<Self>, stream: TcpStream, address: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else { return self.turn_away(stream).await };
        // Messages are whole when they are written: waiting for more to come would only make them late.
        let _ = stream.set_nodelay(true);
        let upgrade = Arc::new(Mutex::new(None));
        let timer = TokioTimer::new();
        // One deadline for all that comes before the hand-over.
        let mut deadline = timer.sleep(self.handshake_timeout);
        let stream = tokio::select! {
            stream = Stream::accept(stream, address, self.tls.as_deref()) => stream,
            () = &mut deadline => return tracing::debug!(%address, "no TLS handshake came in time"),
        };
        let Some(stream) = stream else { return };
        let service = service_fn({
            let (front, upgrade) = (Arc::clone(&self), Arc::clone(&upgrade));
            move |request: hyper::Request<Incoming>| {
                let (front, upgrade) = (Arc::clone(&front), Arc::clone(&upgrade));
                Box::pin(async move {
                    let (parts, _body) = request.into_parts();
                    let (reply, next) = request::answer(&front, address, &parts).await;
                    if let Some(next) = next
                        && let Ok(mut slot) = upgrade.lock()
                    {
                        *slot = Some(next);
                    }
                    Ok::<_, Infallible>(reply)
                })
            }
        });
        let mut http = http1::Builder::new();
        http.timer(timer).header_read_timeout(self.handshake_timeout).max_buf_size(MAX_REQUEST_BYTES);
        let mut connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            served = poll_fn(|cx| connection.poll_without_shutdown(cx)) => {
                if let Err(error) = served {
                    return tracing::debug!(%address, "the HTTP request failed: {error}");
                }
            }
            () = &mut deadline => return tracing::debug!(%address, "no upgrade request came in time"),
        }
        let next = upgrade.lock().ok().and_then(|mut slot| slot.take());
        let parts = connection.into_parts();
        let stream = parts.io.into_inner();
        match next {
            Some(next) => self.hand_over(stream, parts.read_buf, address, next, permit).await,
            None => stream.end().await,
        }
    }

    async fn hand_over(&self, stream: Stream, first: Bytes, address: SocketAddr, next: Upgrade, permit: OwnedSemaphorePermit) {
        match next {
            Upgrade::Close(code, reason) => close_at_once(stream, code, &reason).await,
            Upgrade::Join { route, request, subprotocol } => {
                let Some(place) = self.place(&route).await else { return };
                let (stream, tls, first) = match stream.into_parts(first) {
                    Ok(parts) => parts,
                    Err(error) => return tracing::warn!(%address, "a new connection is lost: {error}"),
                };
                let id = self.next_id.fetch_add(1, Relaxed);
                let client = Client { id, address, request, subprotocol };
                place.send(Command::Join(route.room, Newcomer { stream, tls, first, client, permit }));
            }
        }
    }

    /// Says 503 to who comes when all places are taken, without reading what it wants. With TLS it is not said: a handshake
    /// for nothing would cost more than a place.
    async fn turn_away(&self, mut stream: TcpStream) {
        if self.tls.is_some() {
            return;
        }
        let answer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.try_write(answer.as_bytes());
        let _ = stream.shutdown().await;
    }

    /// A place in the shard's queue. Waiting for it comes before the client gets its id: from there to the queue nothing
    /// may come between, so that ids grow in the order of arrival.
    async fn place(&self, route: &Route) -> Option<mpsc::Permit<'_, Command>> {
        self.router.shard(route).reserve().await.ok()
    }
}

/// Sends a close frame to a client that the gate has let in only to be told why it may not stay.
async fn close_at_once(mut stream: Stream, code: u16, reason: &ByteString) {
    let mut frame = Vec::new();
    protocol::write_close(&mut frame, code, reason);
    if stream.write_all(&frame).await.is_ok() {
        let _ = stream.shutdown().await;
        // Its answer is read, so that closing does not reset the connection under our frame.
        let _ = tokio::time::timeout(Duration::from_secs(5), tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted)
}

/// Nine tenths of the descriptors that the process may have: the rest is for files, listeners and what comes in to be refused.
pub fn default_max_connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(1 << 20, |limit| usize::try_from(limit / 10 * 9).unwrap_or(1 << 20)).max(1)
}
