//! One connection, from its first byte to its hand-over to the shard.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use bytestring::ByteString;
use hyper::body::Incoming;
use hyper::http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout_at;

use super::accept::Front;
use super::places::Share;
use super::proxy_protocol;
use super::reply;
use super::request::{self, Upgrade};
use super::router::Route;
use super::stream::Stream;
use super::upgrade::Refusal;
use crate::protocol;
use crate::shard::{Command, NewConnection, Permit};
use crate::types::{Client, ClientId};

impl Front {
    /// Sees one connection through its HTTP request.
    pub(super) async fn welcome(self: Arc<Self>, mut stream: TcpStream, from: SocketAddr) {
        let Some(permit) = self.places.take() else {
            return self.turn_away(stream, from, &Refusal::too_many(StatusCode::SERVICE_UNAVAILABLE)).await;
        };
        // Messages are whole when they are written: waiting for more to come would only make them late.
        let _ = stream.set_nodelay(true);
        let too_late = |from| tracing::debug!(address = %from, "no upgrade request came in time");
        let deadline = Instant::now() + self.limits.handshake_timeout;
        let from = match timeout_at(deadline.into(), self.announced(&mut stream, from)).await {
            Ok(Ok(from)) => from,
            Ok(Err(error)) => return tracing::debug!(proxy = %from, "a connection of a trusted proxy is of no use: {error}"),
            Err(_) => return too_late(from),
        };
        // Behind a trusted proxy, whose share it is turns out only with the request.
        let share = if self.proxies.trust(from.ip()) { Ok(None) } else { self.share(from).map(Some) };
        let share = match share {
            Ok(share) => share,
            Err(refusal) => return self.turn_away(stream, from, &refusal).await,
        };
        let Ok(stream) = timeout_at(deadline.into(), Stream::accept(stream, from, self.tls.as_deref())).await else {
            return tracing::debug!(address = %from, "no TLS handshake came in time");
        };
        let Some(stream) = stream else { return };
        match timeout_at(deadline.into(), self.serve(stream, from)).await {
            Ok((stream, first, Some(next))) => self.hand_over(stream, first, from, next, (permit, share)).await,
            // An answer has been written, and perhaps not all was read that the client had to say.
            Ok((stream, _, None)) => self.linger.close(stream).await,
            Err(_) => too_late(from),
        }
    }

    /// Where a connection comes from: the peer's address, or what a trusted proxy says by the PROXY protocol.
    async fn announced(&self, stream: &mut TcpStream, from: SocketAddr) -> io::Result<SocketAddr> {
        if !self.proxies.announce(from.ip()) {
            return Ok(from);
        }
        Ok(proxy_protocol::read(stream).await?.unwrap_or(from))
    }

    /// A part of what an address may have.
    pub(super) fn share(&self, address: SocketAddr) -> Result<Share, Refusal> {
        self.places.share(address.ip()).ok_or_else(|| Refusal::too_many(StatusCode::TOO_MANY_REQUESTS))
    }

    /// Answers a request, and the next ones until one is upgraded or the connection is to end.
    async fn serve(self: &Arc<Self>, stream: Stream, address: SocketAddr) -> (Stream, Bytes, Option<Upgrade>) {
        let upgrade = Arc::new(Mutex::new(None));
        let service = service_fn({
            let (front, upgrade) = (Arc::clone(self), Arc::clone(&upgrade));
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
        http.max_buf_size(self.limits.max_request_bytes);
        let mut connection = http.serve_connection(TokioIo::new(stream), service);
        let served = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
        let parts = connection.into_parts();
        let mut next = upgrade.lock().ok().and_then(|mut slot| slot.take());
        if let Err(error) = served {
            tracing::debug!(%address, "the HTTP request failed: {error}");
            next = None;
        }
        (parts.io.into_inner(), parts.read_buf, next)
    }

    async fn hand_over(
        &self,
        stream: Stream,
        first: Bytes,
        from: SocketAddr,
        next: Upgrade,
        (permit, share): (OwnedSemaphorePermit, Option<Share>),
    ) {
        match next {
            Upgrade::Close(code, reason) => self.close_at_once(stream, code, &reason).await,
            Upgrade::Join { route, request, subprotocol, agreement, address, share: behind_proxy } => {
                let Some(place) = self.place(&route).await else { return };
                let (stream, tls, first) = match stream.into_parts(first) {
                    Ok(parts) => parts,
                    Err(error) => return tracing::warn!(%address, "a new connection is lost: {error}"),
                };
                let id = ClientId::new(self.next_id.fetch_add(1, Relaxed));
                if address == from {
                    tracing::debug!(client = id.get(), %address, "connected");
                } else {
                    tracing::debug!(client = id.get(), %address, proxy = %from, "connected");
                }
                let subprotocol = subprotocol.as_deref().map(Arc::from);
                let client = Client { id, address, request, subprotocol };
                let shares = [share, behind_proxy].into_iter().flatten().filter(Share::is_limited);
                let shares: Vec<_> = shares.collect();
                let permit = Permit::new(permit, (!shares.is_empty()).then(|| Box::new(shares) as _));
                place.send(Command::Join(route.room, NewConnection { stream, tls, first, client, agreement, permit }));
            }
        }
    }

    /// A place in the shard's queue. Waiting for it comes before the client gets its id: from there to the queue nothing
    /// may come between, so that ids grow in the order of arrival.
    async fn place(&self, route: &Route) -> Option<mpsc::Permit<'_, Command>> {
        self.router.shard(route).reserve().await.ok()
    }

    /// Refuses who comes when there is no place for him, without reading what he wants. With TLS it is not said: a handshake
    /// for nothing would cost more than a place.
    async fn turn_away(&self, mut stream: TcpStream, address: SocketAddr, refusal: &Refusal) {
        self.say_too_many(address, refusal);
        if self.tls.is_some() {
            return;
        }
        // A new socket has room for so little: this does not wait for the client.
        if stream.write_all(reply::plain(refusal).as_bytes()).await.is_ok() {
            self.linger.close(stream).await;
        }
    }

    /// Says in the log that somebody was refused because there are too many, as often as that is of use.
    pub(super) fn say_too_many(&self, address: SocketAddr, refusal: &Refusal) {
        if let Some(left_out) = self.too_many.may_say(Instant::now()) {
            tracing::warn!(%address, left_out, "refused with {}: {}", refusal.status.as_u16(), refusal.text);
        }
    }

    /// Sends a close frame to a client that the gate has let in only to be told why it may not stay.
    async fn close_at_once(&self, mut stream: Stream, code: u16, reason: &ByteString) {
        let mut frame = Vec::new();
        protocol::write_close(&mut frame, code, reason);
        if stream.write_all(&frame).await.is_ok() {
            self.linger.close(stream).await;
        }
    }
}
