//! One HTTP request: an upgrade, its refusal, or a plain request for an endpoint.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::{HeaderMap, StatusCode, header, request::Parts};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::admission::Admission;
use super::door::DoorTally;
use super::endpoints::{Asked, Endpoints};
use super::extensions;
use super::forwarded::Peer;
use super::gate;
use super::host_header;
use super::join::{Join, Upgrade};
use super::let_in::LetIn;
use super::policy::Policy;
use super::progress::Progress;
use super::reply::{self, Reply};
use super::resume_query;
use super::router::{Route, Router};
use super::spans::{self, Spans};
use super::upgrade::{self, Refusal};
use crate::app::upgrade::{Acceptance, Agreed, Decision, UpgradeRequest};
use crate::log::{LogThrottle, in_short, printable};
use crate::path;
use crate::refusal::Reason;
use crate::shard::{Claim, Command};
use crate::trace::Trace;
use crate::types::Request;

/// How many refused origins the log names in ten seconds: a page may be at home at several.
const ORIGIN_WARNINGS: u32 = 5;
/// How many decisions against the rules it tells: each shows the mistake in the application.
const BROKEN_GATES: u32 = 20;

/// Answers the requests of a server.
#[derive(Debug)]
pub struct Requests {
    policy: Arc<Policy>,
    admission: Arc<Admission>,
    router: Arc<Router>,
    endpoints: Endpoints,
    spans: Spans,
    origins_refused: LogThrottle,
    broken_gates: LogThrottle,
    door: Arc<DoorTally>,
}

impl Requests {
    /// Upgrades go to the rooms of `router`, all other requests to `endpoints`.
    pub fn new(
        policy: Arc<Policy>,
        admission: Arc<Admission>,
        router: Arc<Router>,
        endpoints: Endpoints,
        door: Arc<DoorTally>,
        spans: Spans,
    ) -> Self {
        let origins_refused = LogThrottle::new(ORIGIN_WARNINGS, "refused origins");
        let broken_gates = LogThrottle::new(BROKEN_GATES, "answers of gates");
        Self { policy, admission, router, endpoints, spans, origins_refused, broken_gates, door }
    }

    /// Answers a request on a connection from this peer, at the latest at this time. A 101 comes with what follows it.
    pub async fn answer(
        &self,
        peer: Peer,
        (request, body): (&Parts, Incoming),
        progress: &Arc<Progress>,
        deadline: Instant,
    ) -> (Reply, Option<Upgrade>) {
        if let Err(refusal) = host_header::check(request) {
            tracing::debug!(address = %peer.address, "a request is refused: {}", refusal.text);
            self.note(upgrade::is_wanted(request), &refusal);
            return (reply::refusal(&refusal), None);
        }
        let address = self.policy.rules().proxies.client(peer, &request.headers);
        if !upgrade::is_wanted(request) {
            let asked = Asked { address, parts: request, progress };
            let reply = self.endpoints.answer(asked, body.boxed_unsync()).await;
            self.door.note_response(reply.status());
            return (reply, None);
        }
        let span = self.spans.begin(address, request);
        let trace: Trace = span.as_ref().map(|span| Box::new(span.context()));
        let answered = timeout_at(deadline.into(), self.upgrade(address, peer, request, trace)).await;
        let (reply, upgrade) = match answered.unwrap_or_else(|_| Err(busy())) {
            Ok(answer) => answer,
            Err(refusal) => {
                tracing::debug!(%address, status = refusal.status.as_u16(), "upgrade refused: {}", refusal.text);
                self.note(true, &refusal);
                (reply::refusal(&refusal), None)
            }
        };
        spans::end(span, reply.status());
        (reply, upgrade)
    }

    /// Counts a refused request: an upgrade by its reason, any other by its status.
    fn note(&self, is_upgrade: bool, refusal: &Refusal) {
        if is_upgrade {
            refusal.reason.into_iter().for_each(|reason| self.door.note_refused(reason));
        } else {
            self.door.note_response(refusal.status);
        }
    }

    async fn upgrade(
        &self,
        address: SocketAddr,
        peer: Peer,
        parts: &Parts,
        trace: Trace,
    ) -> Result<(Reply, Option<Upgrade>), Refusal> {
        let accept_key = upgrade::accept_key(parts)?;
        self.check_origin(address, parts)?;
        self.admission.check_open()?;
        // Any other client got its share when it connected.
        let share = peer.forwards.then(|| self.admission.share(address)).transpose();
        let share = share.inspect_err(|refusal| self.admission.log_refused(address, refusal))?;
        let nowhere = || Refusal::of(Reason::Path, "this path names no room");
        // The app sees the path that names the room: its gate must not decide about another form of it.
        let path = path::normal(parts.uri.path());
        let (query, claim) = resume_query::take(parts.uri.query().unwrap_or_default())?;
        let route = self.router.route(&path, claim).ok_or_else(nowhere)?;
        let claim = claim.map(|claim| self.router.claim(&route, claim));
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
        let request = Request::new(&path, &query, headers);
        let offered = upgrade::subprotocols(&parts.headers);
        // The room knows whether it has that session.
        let asked = UpgradeRequest { address, request: request.clone(), subprotocols: offered.clone(), resumes: false };
        let (decision, more_headers, let_in) = self.ask_room((&route, claim), asked, &offered, trace.clone()).await?;
        let upgrade = match decision {
            Decision::Accept(Acceptance { subprotocol, user, attachment, .. }) => {
                let extension = extensions::negotiate(&parts.headers, self.policy.compression);
                let (agreement, extension) = extension.unzip();
                let mut reply =
                    reply::switching(&accept_key, subprotocol.as_deref(), extension.as_deref()).ok_or_else(broken_gate)?;
                reply.headers_mut().extend(more_headers);
                let agreed = Agreed { subprotocol, user }.shared();
                let join = Join { route, let_in, claim, request, agreed, attachment, trace, agreement, address, share };
                return Ok((reply, Some(Upgrade::Join(join))));
            }
            Decision::Close(code, reason) => {
                tracing::debug!(%address, code, reason = &*printable(&reason), "closed by the gate");
                Upgrade::Close(code, reason)
            }
            Decision::Refuse(refusal) => {
                tracing::debug!(%address, status = refusal.status, "upgrade refused by the gate");
                return Ok((reply::by_gate(&refused_by_gate(refusal.status), refusal.body, more_headers), None));
            }
        };
        // No message follows, but a browser drops a connection on which none of its subprotocols was agreed, and its page
        // would not see the close code.
        let subprotocol = offered.first().map(String::as_str);
        let reply = reply::switching(&accept_key, subprotocol, None).ok_or_else(broken_gate)?;
        Ok((reply, Some(upgrade)))
    }

    fn check_origin(&self, address: SocketAddr, parts: &Parts) -> Result<(), Refusal> {
        let origin = parts.headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?"));
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if self.policy.rules().origins.admits(origin, host) {
            return Ok(());
        }
        let origin = origin.unwrap_or_default();
        if let Some(more) = self.origins_refused.allows(Instant::now()) {
            let origin = in_short(origin);
            tracing::warn!(%address, "a page of the origin {origin:?} was refused; to admit it, allow the origin {origin}{more}");
        }
        Err(Refusal::of(Reason::Origin, format!("the origin {origin} is not admitted")))
    }

    /// Puts an upgrade request to the room, and so to the app's gate if it has one. If that lets the client in, the room waits for
    /// it. The decision comes with the headers in it, checked.
    async fn ask_room(
        &self,
        (route, claim): (&Route, Option<Claim>),
        asked: UpgradeRequest,
        offered: &[String],
        trace: Trace,
    ) -> Result<(Decision, HeaderMap, Option<LetIn>), Refusal> {
        let (answer, decision) = oneshot::channel();
        let gone = || Refusal::of(Reason::Stopping, "the server shuts down");
        let command = Command::Upgrade(Arc::clone(&route.room), Box::new(asked), claim, trace, answer);
        let shard = self.router.shard(route);
        shard.send(command).await.map_err(|_| gone())?;
        let decision = decision.await.map_err(|_| gone())?;
        let let_in = matches!(decision, Decision::Accept(_)).then(|| LetIn::new(Arc::clone(&route.room), shard.clone()));
        match gate::check(&decision, offered) {
            Ok(headers) => Ok((decision, headers, let_in)),
            Err(mistake) => {
                if let Some(more) = self.broken_gates.allows(Instant::now()) {
                    let mistake = in_short(&mistake.to_string());
                    tracing::error!("the app's on-upgrade broke its rules: {mistake}; the request is refused with 500{more}");
                }
                // The room has counted that its gate refuses, in whatever words.
                let reason = broken_gate().reason.filter(|_| let_in.is_some());
                Err(Refusal { reason, ..broken_gate() })
            }
        }
    }
}

fn refused_by_gate(status: u16) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return Refusal::new(status, "the room admits no new clients for now");
    }
    Refusal::new(status, status.canonical_reason().unwrap_or("refused by the application"))
}

/// The room is in a handler that waits, or its mailbox is long.
fn busy() -> Refusal {
    Refusal::of(Reason::Undecided, "the room did not decide in time")
}

fn broken_gate() -> Refusal {
    Refusal::of(Reason::GateFailed, "the application's gate gave an answer that cannot be used")
}
