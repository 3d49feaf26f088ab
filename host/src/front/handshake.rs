//! One connection, from its first byte to the shard that owns it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytestring::ByteString;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout_at;

use super::admission::Admission;
use super::arrivals::Arrivals;
use super::deadline::Deadline;
use super::discard::Discard;
use super::door::DoorTally;
use super::forwarded::Peer;
use super::http::{Arrival, Http, Served};
use super::join::{Join, Upgrade};
use super::let_in::LetIn;
use super::listener::Speech;
use super::listeners::Accepted;
use super::permits::Share;
use super::policy::Policy;
use super::proxy_protocol;
use super::redirect;
use super::reply;
use super::request::Requests;
use super::router::Router;
use super::setup::Setup;
use super::source::Source;
use super::spans::Spans;
use super::transport::Transport;
use super::upgrade::Refusal;
use crate::close::CloseInfo;
use crate::cluster::Node;
use crate::log::LogThrottle;
use crate::protocol;
use crate::refusal::Reason;
use crate::shard::{Alarm, Command, NewConnection, Permit};
use crate::store::{Database, DueRoom};
use crate::types::Client;

/// How many alarms a command brings to a shard at most.
const ALARMS: usize = 10_000;

/// The handshakes of a server: PROXY protocol, TLS, HTTP, and the hand-over to a shard.
#[derive(Debug)]
pub struct Handshakes {
    policy: Arc<Policy>,
    admission: Arc<Admission>,
    router: Arc<Router>,
    http: Arc<Http>,
    discard: Discard,
    max_request_bytes: usize,
    arrivals: Arrivals,
    /// The limit on log lines about connections that cannot be handed over.
    lost: LogThrottle,
    door: Arc<DoorTally>,
}

impl Handshakes {
    /// The handshakes of a process with this number of descriptors.
    pub fn new(setup: Setup, descriptors: usize) -> Self {
        let Setup { policy, endpoints, router, admission, door, tracer, limits } = setup;
        let (spans, counted) = (Spans::new(tracer, &router), Arc::clone(&door));
        let requests = Requests::new(Arc::clone(&policy), Arc::clone(&admission), Arc::clone(&router), endpoints, counted, spans);
        Self {
            http: Arc::new(Http::new(requests, &limits, Arc::clone(&policy))),
            policy,
            admission,
            router,
            discard: Discard::new(descriptors),
            max_request_bytes: limits.max_request_bytes,
            arrivals: Arrivals::default(),
            lost: LogThrottle::one("lost connections"),
            door,
        }
    }

    /// Goes on where the database has been left: ids of clients are reserved in it before they are used, and shards hear of the durable timers
    /// of its rooms.
    pub async fn resume(&mut self, database: Database) -> Result<(), String> {
        let due = database.due_rooms(u64::MAX, usize::MAX).await.map_err(|error| error.to_string())?;
        for alarms in due.chunks(ALARMS) {
            for (shard, alarms) in self.by_shard(alarms) {
                // A shard that has ended has no rooms.
                let _ = shard.send(Command::SetAlarms(alarms)).await;
            }
        }
        self.arrivals.reserve_in(database).await
    }

    /// The ids of clients are those of this node of a cluster.
    pub fn join(&mut self, node: Node) {
        self.arrivals.reserve_at(node);
    }

    fn by_shard(&self, rooms: &[DueRoom]) -> Vec<(&mpsc::Sender<Command>, Vec<Alarm>)> {
        let mut shards: Vec<(&mpsc::Sender<Command>, Vec<_>)> = Vec::new();
        for DueRoom { room, due_us } in rooms {
            let Some(shard) = self.router.shard_of(room) else { continue };
            let alarm = (Arc::from(room.as_str()), *due_us);
            match shards.iter_mut().find(|(known, _)| known.same_channel(shard)) {
                Some((_, alarms)) => alarms.push(alarm),
                None => shards.push((shard, vec![alarm])),
            }
        }
        shards
    }

    /// Takes one connection through its handshake, within the handshake timeout.
    pub async fn run(&self, accepted: Accepted) {
        let Accepted { mut stream, source, speech } = accepted;
        let from = source.address();
        self.door.note_accepted();
        let permit = match self.admission.permit() {
            Ok(permit) => permit,
            Err(refusal) => return self.refuse(stream, from, speech, &refusal).await,
        };
        // A message is complete when it is written: Nagle's algorithm would only delay it.
        let _ = stream.set_nodelay(true);
        let deadline = Deadline::new(Instant::now(), self.policy.rules().handshake_timeout);
        let end = deadline.end().into();
        let peer = match timeout_at(end, self.peer(&mut stream, source, speech)).await {
            Ok(Ok(peer)) => peer,
            Ok(Err(error)) => {
                self.door.note_refused(Reason::Proxy);
                return tracing::debug!(proxy = %from, "a trusted proxy's connection is unusable: {error}");
            }
            Err(_) => {
                self.door.note_refused(Reason::Proxy);
                return tracing::debug!(proxy = %from, "no header of the PROXY protocol came in time");
            }
        };
        // Behind a trusted proxy, only the request tells the client's address.
        let from = peer.address;
        let share = if peer.forwards { Ok(None) } else { self.admission.share(from).map(Some) };
        let share = match share {
            Ok(share) => share,
            Err(refusal) => return self.refuse(stream, from, speech, &refusal).await,
        };
        if let Some(port) = speech.redirect {
            if let Ok(stream) = timeout_at(end, redirect::serve(stream, port, self.max_request_bytes)).await {
                self.discard.close(stream).await;
            }
            return;
        }
        let accepted = Transport::accept(stream, from, self.policy.tls.as_deref().filter(|_| speech.tls));
        let Ok(transport) = timeout_at(end, accepted).await else {
            self.door.note_refused(Reason::Late);
            return tracing::debug!(address = %from, "no TLS handshake came in time");
        };
        let Some(transport) = transport else { return self.door.note_refused(Reason::Tls) };
        match self.http.serve(transport, peer, deadline).await {
            Served::Upgraded(arrival, upgrade) => match *upgrade {
                Upgrade::Join(join) => self.hand_over(arrival, from, join, (permit, share)).await,
                Upgrade::Close(code, reason) => self.close(arrival, code, &reason).await,
            },
            Served::Answered(transport) => self.discard.close(transport).await,
            Served::Gone => {
                self.door.note_refused(Reason::Gone);
                tracing::debug!(address = %from, "the client has gone before its answer was complete");
            }
            Served::TooLate => {
                self.door.note_refused(Reason::Late);
                tracing::debug!(address = %from, "no upgrade request came in time");
            }
        }
    }

    /// From now on, a connection that has no upgrade ends with its next answer.
    pub fn end(&self) {
        self.http.end();
    }

    /// The other side of a connection: the socket's, or the one that a trusted proxy names by the PROXY protocol.
    async fn peer(&self, stream: &mut TcpStream, source: Source, speech: Speech) -> io::Result<Peer> {
        let rules = self.policy.rules();
        let peer = rules.proxies.peer(source);
        if !(peer.forwards && speech.proxy_protocol) {
            return Ok(peer);
        }
        Ok(rules.proxies.announced(source, proxy_protocol::read(stream).await?))
    }

    /// Gives a connection to the shard of its room. The shard answers its client: a client with the answer is in the room, and misses nothing
    /// that is sent from then on.
    async fn hand_over(
        &self,
        arrival: Arrival,
        from: SocketAddr,
        join: Join,
        (permit, share): (OwnedSemaphorePermit, Option<Share>),
    ) {
        let Join { route, let_in, claim, request, agreed, attachment, trace, agreement, address, share: behind_proxy } = join;
        let Ok(reservation) = self.router.shard(&route).reserve().await else {
            self.door.note_refused(Reason::Stopping);
            let CloseInfo { code, reason, .. } = CloseInfo::shutdown();
            tracing::debug!(%address, code, reason = &*reason, "closed before it was connected");
            return self.close(arrival, code, &reason).await;
        };
        let Arrival { transport, answer, first } = arrival;
        let (stream, tls, first) = match transport.into_parts(first) {
            Ok(parts) => parts,
            Err(error) => {
                self.door.note_refused(Reason::Lost);
                if let Some(more) = self.lost.allows(Instant::now()) {
                    tracing::warn!(%address, "a new connection is lost: {error}{more}");
                }
                return;
            }
        };
        let shares: Vec<_> = [share, behind_proxy].into_iter().flatten().filter(Share::is_limited).collect();
        let permit = Permit::new(permit, (!shares.is_empty()).then(|| Box::new(shares) as _));
        let is_sent = self.arrivals.send(reservation, |id| {
            if address == from {
                tracing::debug!(client = id.get(), %address, "connected");
            } else {
                tracing::debug!(client = id.get(), %address, proxy = %from, "connected");
            }
            let client = Client { id, address, request, agreed };
            let_in.into_iter().for_each(LetIn::arrived);
            Command::Join(
                route.room,
                NewConnection { stream, tls, answer, first, client, attachment, trace, agreement, claim, permit },
            )
        });
        if is_sent {
            return;
        }
        self.door.note_refused(Reason::Lost);
        if let Some(more) = self.lost.allows(Instant::now()) {
            tracing::error!(%address, "a new connection is lost: no client ids are reserved{more}");
        }
    }

    /// Refuses a connection without reading its request. With TLS there is no reply: a handshake costs more than the
    /// connection would.
    async fn refuse(&self, mut stream: TcpStream, address: SocketAddr, speech: Speech, refusal: &Refusal) {
        self.admission.log_refused(address, refusal);
        refusal.reason.into_iter().for_each(|reason| self.door.note_refused(reason));
        if speech.tls {
            return;
        }
        // The send buffer of a new socket holds the whole reply: this does not wait for the client.
        if stream.write_all(reply::plain(refusal).as_bytes()).await.is_ok() {
            self.discard.close(stream).await;
        }
    }

    /// Answers a client that is accepted only to be closed with a code, and sends the close frame.
    async fn close(&self, arrival: Arrival, code: u16, reason: &ByteString) {
        let Arrival { mut transport, answer: mut bytes, .. } = arrival;
        protocol::write_close(&mut bytes, code, reason);
        if transport.write_all(&bytes).await.is_ok() {
            self.discard.close(transport).await;
        }
    }
}
