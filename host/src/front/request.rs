//! One HTTP request: a page, a refusal, or an upgrade.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytestring::ByteString;
use hyper::http::{StatusCode, header, request::Parts};
use tokio::sync::oneshot;

use super::accept::Front;
use super::extensions;
use super::places::Share;
use super::reply::{self, Reply};
use super::router::Route;
use super::upgrade::{self, Refusal};
use crate::app::{Decision, UpgradeRequest};
use crate::protocol::{Agreement, MAX_REASON, may_send};
use crate::shard::Command;
use crate::types::Request;

/// How often the log warns of refused origins.
const MAX_ORIGIN_WARNINGS: u64 = 20;

/// What an upgrade leads to once the 101 is written.
#[derive(Debug)]
pub enum Upgrade {
    /// A client of the room.
    Join {
        /// Its room.
        route: Route,
        /// What it asked for.
        request: Request,
        /// The agreed subprotocol.
        subprotocol: Option<ByteString>,
        /// What was agreed on compression.
        agreement: Option<Agreement>,
        /// Where it connects from, in front of all trusted proxies.
        address: SocketAddr,
        /// Its part of what that address may have, unless the connection has it already.
        share: Option<Share>,
    },
    /// A close frame with this code and reason, and the end.
    Close(u16, ByteString),
}

/// Answers a request on a connection from this address. With the 101 comes what is to follow it.
pub async fn answer(front: &Front, from: SocketAddr, request: &Parts) -> (Reply, Option<Upgrade>) {
    if !upgrade::is_wanted(request) {
        return (front.page.answer(&request.method, request.uri.path()), None);
    }
    let address = front.proxies.client(from, &request.headers);
    match admit(front, address, from, request).await {
        Ok((reply, upgrade)) => (reply, Some(upgrade)),
        Err(refusal) => {
            tracing::debug!(%address, status = refusal.status.as_u16(), "upgrade refused: {}", refusal.text);
            (reply::refusal(&refusal), None)
        }
    }
}

async fn admit(front: &Front, address: SocketAddr, from: SocketAddr, parts: &Parts) -> Result<(Reply, Upgrade), Refusal> {
    let accept_key = upgrade::accept_key(parts)?;
    let origin = parts.headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?"));
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if !front.origins.admits(origin, host) {
        let origin = origin.unwrap_or_default();
        // Anybody can ask again and again: the log says it a few times, and then only to who wants to hear everything.
        if front.origins_refused.fetch_add(1, Relaxed) < MAX_ORIGIN_WARNINGS {
            tracing::warn!(%address, "a page of the origin {origin:?} was refused; to admit it, use --allow-origin {origin}");
        }
        return Err(Refusal::new(StatusCode::FORBIDDEN, format!("the origin {origin} is not admitted")));
    }
    if !front.admitting.load(Relaxed) {
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "no new clients are admitted for now"));
    }
    // Everybody else has it since he connected.
    let share = front.proxies.trust(from.ip()).then(|| front.share(address)).transpose();
    let share = share.inspect_err(|refusal| front.say_too_many(address, refusal))?;
    let nowhere = || Refusal::new(StatusCode::NOT_FOUND, "this path names no room");
    let route = front.router.route(parts.uri.path()).ok_or_else(nowhere)?;
    let query = parts.uri.query().unwrap_or_default();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    let request = Request::new(parts.uri.path(), query, headers);
    let offered = upgrade::subprotocols(&parts.headers);
    let upgrade = match knock(front, &route, address, &request, &offered).await? {
        Decision::Accept(subprotocol) => {
            let extension = extensions::negotiate(&parts.headers, front.compression);
            let (agreement, extension) = extension.unzip();
            let reply = reply::switching(&accept_key, subprotocol.as_deref(), extension.as_deref()).ok_or_else(broken_gate)?;
            return Ok((reply, Upgrade::Join { route, request, subprotocol, agreement, address, share }));
        }
        Decision::Close(code, reason) => Upgrade::Close(code, reason),
        Decision::Refuse(status) => return Err(refused_by_gate(status)),
    };
    // Nothing is spoken in it, but browsers give up a connection without one of those that they have offered, and their
    // page would not see the code.
    let subprotocol = offered.first().map(String::as_str);
    let reply = reply::switching(&accept_key, subprotocol, None).ok_or_else(broken_gate)?;
    Ok((reply, upgrade))
}

/// The decision of the room, and of the app's gate if it has one. It is checked: an app may break its own rules.
async fn knock(
    front: &Front,
    route: &Route,
    address: SocketAddr,
    request: &Request,
    offered: &[String],
) -> Result<Decision, Refusal> {
    let (answer, decision) = oneshot::channel();
    let asked = UpgradeRequest { address, request: request.clone(), subprotocols: offered.to_vec() };
    let gone = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server shuts down");
    let knock = Command::Upgrade(Arc::clone(&route.room), Box::new(asked), answer);
    front.router.shard(route).send(knock).await.map_err(|_| gone())?;
    let decision = decision.await.map_err(|_| gone())?;
    let keeps_rules = match &decision {
        Decision::Accept(Some(subprotocol)) => offered.iter().any(|offer| offer == &**subprotocol),
        Decision::Accept(None) => true,
        Decision::Refuse(status) => (400..600).contains(status),
        Decision::Close(code, reason) => may_send(*code) && reason.len() <= MAX_REASON,
    };
    if keeps_rules {
        return Ok(decision);
    }
    tracing::error!("the app's on-upgrade broke its rules with {decision:?}; the request is refused with 500");
    Err(broken_gate())
}

fn refused_by_gate(status: u16) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return Refusal::new(status, "the room admits no new clients for now");
    }
    Refusal::new(status, status.canonical_reason().unwrap_or("refused by the application"))
}

fn broken_gate() -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the application's gate gave an answer that cannot be used")
}
