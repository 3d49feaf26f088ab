//! The checks of a request at the TCP door: its host, its token, its rate. Nothing of them is about cookies: a browser adds none of it by itself.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, Request, StatusCode};

use super::guesses::Guesses;
use super::holders::Holders;
use super::pace::Pace;
use super::tokens::Tokens;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::front::Authority;
use crate::log::LogThrottle;

/// The checks of one door.
#[derive(Debug)]
pub struct Checks {
    hosts: Vec<String>,
    holders: Mutex<Holders>,
    pace: Pace,
    guesses: Mutex<Guesses>,
    guessing: LogThrottle,
}

impl Checks {
    /// `rate` is that of requests a second with one token.
    pub fn new(tokens: Tokens, hosts: Vec<String>, rate: u32, now: Instant) -> Self {
        Self {
            hosts,
            holders: Mutex::new(Holders::new(tokens, now)),
            pace: Pace::new(rate, Duration::from_secs(1)),
            guesses: Mutex::default(),
            guessing: LogThrottle::one("failed tokens of the API"),
        }
    }

    /// Adds the caller to a request that has a token. One without a token gets no further than routes for everybody.
    ///
    /// # Errors
    /// It asks for another host, its token is wrong, or there were too many.
    pub fn check(&self, request: &mut Request<Body>, from: IpAddr, now: Instant) -> Result<(), Problem> {
        self.check_host(request)?;
        let Some(secret) = bearer(request.headers())? else { return Ok(()) };
        let caller = self.admit(secret, from, now)?;
        request.extensions_mut().insert(caller);
        Ok(())
    }

    /// Other tokens count from now on.
    pub fn replace(&self, tokens: Tokens, now: Instant) {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner).replace(tokens, now);
    }

    /// Checks the host against DNS rebinding: a page of another site whose name an attacker has changed to this address has the browser send that
    /// name. An address is no name that could be changed.
    fn check_host(&self, request: &Request<Body>) -> Result<(), Problem> {
        let mut headers = request.headers().get_all(HOST).iter();
        let (host, more) = (headers.next(), headers.next());
        let text = host.and_then(|host| host.to_str().ok()).filter(|_| more.is_none()).unwrap_or_default();
        let is_ours = |text: &str| Authority::parse(text).is_some_and(|authority| self.is_ours(&authority));
        if is_ours(text) && request.uri().authority().is_none_or(|authority| is_ours(authority.as_str())) {
            return Ok(());
        }
        let detail = format!("this is no API of {text:?}: the server has to be told this name of the API");
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", "Misdirected request", detail))
    }

    fn is_ours(&self, authority: &Authority<'_>) -> bool {
        authority.means_this_machine() || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(authority.host()))
    }

    /// The caller with this secret, whose request is counted.
    fn admit(&self, secret: &str, from: IpAddr, now: Instant) -> Result<Caller, Problem> {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = guesses.wait(from, now) {
            return Err(too_many("too many wrong tokens came from this address", wait));
        }
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = holders.find(secret) else {
            guesses.failed(from, now);
            if let Some(more) = self.guessing.allows(now) {
                tracing::warn!("a wrong token of the API came from {from}{more}");
            }
            return Err(Problem::unauthorized());
        };
        holders.count(at, self.pace, now).map_err(|wait| too_many("this token is used too often", wait))
    }
}

/// The token of a request (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if headers.contains_key(AUTHORIZATION) { Err(Problem::unauthorized()) } else { Ok(None) };
    };
    let (scheme, secret) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(Problem::unauthorized)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(secret.trim())) } else { Err(Problem::unauthorized()) }
}

fn too_many(reason: &str, wait: Duration) -> Problem {
    // Rounded up, so that the next try is not too early.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!("{reason}: wait {seconds} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail).retry_after(seconds)
}

/// The checks of one connection.
#[derive(Debug, Clone)]
pub struct Visitor {
    checks: Arc<Checks>,
    from: IpAddr,
}

impl Visitor {
    /// A connection from this address.
    pub fn new(checks: Arc<Checks>, from: IpAddr) -> Self {
        Self { checks, from }
    }

    /// Checks a request that has come just now.
    ///
    /// # Errors
    /// As [`Checks::check`].
    pub fn check(&self, request: &mut Request<Body>) -> Result<(), Problem> {
        self.checks.check(request, self.from, Instant::now())
    }
}
