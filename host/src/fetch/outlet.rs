//! The rules and limits that the requests of all rooms share, and the count of those that run.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use super::address::AddressPolicy;
use super::allow::AllowList;
use super::ended::{Ended, FetchNumbers};
use super::memory::Total;
use super::request::{FetchRequest, Request};
use super::roots::Roots;
use super::target::Target;
use crate::config::{Limits, Outgoing};
use crate::error::Error;
use crate::log::{LogThrottle, in_short};

/// The most bytes of URL and headers of a request, and of the headers of an answer.
pub(super) const MAX_HEAD_BYTES: usize = 64 << 10;
/// The most bytes that come back with an answer.
const MAX_CONTEXT_BYTES: usize = 64 << 10;

/// Why a request was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The method, the URL or a header is wrong.
    #[error("{0}")]
    Invalid(String),
    /// The owner of the host does not allow requests to this server.
    #[error("{0}")]
    Denied(String),
    /// The body, the head or the context is too large.
    #[error("{0}")]
    TooBig(String),
    /// This handler has staged as much as one handler may.
    #[error("this handler has staged as much as one handler may")]
    Limit,
    /// The room has as many requests as it may have at a time.
    #[error("the room has as many requests as it may have at a time")]
    RoomFull,
    /// All rooms together have as many requests as they may have at a time, or as many bytes of bodies.
    #[error("all rooms together have as many requests, or bytes of bodies, as they may have at a time")]
    TotalFull,
}

/// The rules and limits of all rooms. The default allows no server.
#[derive(Debug)]
pub struct Outlet {
    servers: RwLock<Servers>,
    pub(super) roots: Roots,
    /// Requests of one room at a time.
    room_requests: usize,
    total_requests: usize,
    pub(super) max_body_bytes: usize,
    /// The memory of all bodies.
    pub(super) memory: Total,
    pub(super) timeout: Duration,
    running: Arc<AtomicUsize>,
    pub(super) ended: Ended,
    denials: LogThrottle,
}

/// The servers that may be asked. The owner can replace them while the server runs.
#[derive(Debug)]
struct Servers {
    allowed: AllowList,
    addresses: AddressPolicy,
}

impl Servers {
    fn new(outgoing: &Outgoing) -> Result<Self, Error> {
        let allowed = AllowList::parse(&outgoing.allow).map_err(Error::AllowHttp)?;
        let addresses = AddressPolicy::parse(&outgoing.allow_private).map_err(Error::AllowHttpPrivate)?;
        Ok(Self { allowed, addresses })
    }
}

/// One request's part of the total. It is given back when this is dropped.
#[derive(Debug)]
pub struct Permit {
    total: Arc<AtomicUsize>,
    /// A clone of the room's count of the requests that it waits for.
    _room: Option<Arc<()>>,
}

impl Permit {
    /// The same as one of the requests that a room waits for. The room counts the clones.
    #[must_use]
    pub fn of_room(mut self, count: &Arc<()>) -> Self {
        self._room = Some(Arc::clone(count));
        self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.total.fetch_sub(1, Relaxed);
    }
}

impl Outlet {
    /// Rules that allow what the owner of the host has listed.
    ///
    /// # Errors
    /// A text of the lists is invalid, or the certificates cannot be used.
    pub fn new(outgoing: &Outgoing, limits: &Limits) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            servers: RwLock::new(Servers::new(outgoing)?),
            roots: Roots::new(outgoing.ca.as_deref())?,
            room_requests: limits.fetch_room,
            total_requests: limits.fetch_total,
            max_body_bytes: limits.fetch_body_bytes,
            memory: Total::new(limits.fetch_memory_bytes),
            timeout: limits.fetch_timeout,
            running: Arc::default(),
            ended: Ended::default(),
            denials: LogThrottle::one("denied requests of the application"),
        }))
    }

    /// Replaces the servers that may be asked. A connection that is kept for another request goes on for some seconds.
    ///
    /// # Errors
    /// A text of the lists is invalid, and nothing has changed.
    pub fn replace(&self, outgoing: &Outgoing) -> Result<(), Error> {
        let servers = Servers::new(outgoing)?;
        *self.servers.write().unwrap_or_else(PoisonError::into_inner) = servers;
        Ok(())
    }

    fn servers(&self) -> RwLockReadGuard<'_, Servers> {
        self.servers.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a request and its context.
    ///
    /// # Errors
    /// It is invalid, too big, or to a server that is not allowed.
    pub fn check(&self, request: FetchRequest, context_bytes: usize) -> Result<Request, FetchError> {
        let body_bytes = request.body.as_ref().map_or(0, |body| body.len());
        self.check_body(body_bytes)?;
        check_head(request.head_bytes())?;
        if context_bytes > MAX_CONTEXT_BYTES {
            return Err(FetchError::TooBig(format!("the context has {context_bytes} bytes, more than {MAX_CONTEXT_BYTES}")));
        }
        let request = Request::new(request).map_err(FetchError::Invalid)?;
        self.check_target(&request.target)?;
        Ok(request)
    }

    /// Checks the server of a request.
    ///
    /// # Errors
    /// It is not allowed.
    pub(super) fn check_target(&self, target: &Target) -> Result<(), FetchError> {
        let servers = self.servers();
        if servers.allowed.allows(target) {
            return Ok(());
        }
        self.ended.note_refused();
        self.log_denial(&format!("to {}, which is not among the servers that `allow_http` names", in_short(&target.to_string())));
        Err(FetchError::Denied(format!("this host does not allow requests to {target}: {}", servers.allowed)))
    }

    /// Checks the size of a body.
    ///
    /// # Errors
    /// It is too big.
    pub fn check_body(&self, bytes: usize) -> Result<(), FetchError> {
        let most = self.max_body_bytes;
        let too_big = || FetchError::TooBig(format!("the body has {bytes} bytes, more than the {most} that this host allows"));
        if bytes > most { Err(too_big()) } else { Ok(()) }
    }

    /// Takes one request's part of the total, for a room that has this many requests.
    ///
    /// # Errors
    /// The room, or all rooms together, have as many as they may have.
    pub fn admit(&self, room_has: usize) -> Result<Permit, FetchError> {
        if room_has >= self.room_requests {
            self.ended.note_refused();
            return Err(FetchError::RoomFull);
        }
        let permit = Permit { total: Arc::clone(&self.running), _room: None };
        if self.running.fetch_add(1, Relaxed) >= self.total_requests {
            self.ended.note_refused();
            return Err(FetchError::TotalFull);
        }
        Ok(permit)
    }

    /// Takes the memory of a request, until it is sent.
    ///
    /// # Errors
    /// All rooms together have as much as they may have.
    pub fn reserve(&self, request: &mut Request) -> Result<(), FetchError> {
        let part = self.memory.try_take(request.bytes()).ok_or(FetchError::TotalFull)?;
        request.memory = Some(part);
        Ok(())
    }

    /// The numbers of all requests.
    pub fn numbers(&self) -> FetchNumbers {
        self.ended.get(self.running.load(Relaxed))
    }

    /// Whether the host may connect to this address.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        self.servers().addresses.admits(address)
    }

    /// Tells the owner that a request was denied, and why.
    pub(super) fn log_denial(&self, what: &str) {
        if let Some(more) = self.denials.allows(Instant::now()) {
            tracing::warn!("denied: a request of the application {what}{more}");
        }
    }
}

/// Checks the size of a request's method, URL and headers.
///
/// # Errors
/// It is too big.
pub fn check_head(bytes: usize) -> Result<(), FetchError> {
    let too_big = || FetchError::TooBig(format!("URL and headers have more than {MAX_HEAD_BYTES} bytes"));
    if bytes > MAX_HEAD_BYTES { Err(too_big()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet(limits: &Limits) -> Arc<Outlet> {
        let outgoing = Outgoing { allow: vec!["example.com".into()], ..Outgoing::default() };
        Outlet::new(&outgoing, limits).expect("the rules are valid")
    }

    fn request(url: &str) -> FetchRequest {
        FetchRequest { method: "POST".into(), url: url.into(), ..FetchRequest::default() }
    }

    #[test]
    fn a_request_to_a_server_that_is_not_listed_is_denied_with_the_list() {
        let outlet = outlet(&Limits::default());
        assert!(outlet.check(request("https://example.com/"), 0).is_ok());
        let error = outlet.check(request("https://other.example:8443/"), 0).expect_err("it is denied");
        let text = "this host does not allow requests to other.example:8443: it allows example.com";
        assert_eq!(error, FetchError::Denied(text.to_owned()));
        let none = Outlet::new(&Outgoing::default(), &Limits::default()).expect("no rules are valid");
        let error = none.check(request("https://example.com/"), 0).expect_err("it is denied");
        assert_eq!(error, FetchError::Denied("this host does not allow requests to example.com:443: it allows none".to_owned()));
    }

    #[test]
    fn each_size_has_its_limit() {
        let outlet = outlet(&Limits::with(|limits| limits.fetch_body_bytes = 10));
        let url = "https://example.com/";
        let body = |len| FetchRequest { body: Some(vec![0; len].into()), ..request(url) };
        assert!(outlet.check(body(10), 64 << 10).is_ok());
        let too_big = |request, context| match outlet.check(request, context) {
            Err(FetchError::TooBig(what)) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(too_big(body(11), 0), "the body has 11 bytes, more than the 10 that this host allows");
        assert!(too_big(request(url), (64 << 10) + 1).starts_with("the context has 65537 bytes"));
        assert!(too_big(request(&format!("{url}{}", "a".repeat(64 << 10))), 0).starts_with("URL and headers have"));
        let headers = vec![("a".into(), "b".repeat(64 << 10))];
        assert!(too_big(FetchRequest { headers, ..request(url) }, 0).starts_with("URL and headers have"));
    }

    #[test]
    fn a_room_and_all_rooms_have_so_many_requests_at_a_time() {
        let outlet = outlet(&Limits::with(|limits| (limits.fetch_room, limits.fetch_total) = (2, 3)));
        let permits: Vec<_> = [0, 1, 0].map(|room_has| outlet.admit(room_has).expect("it has room")).into();
        assert_eq!(outlet.admit(2).err(), Some(FetchError::RoomFull));
        assert_eq!(outlet.admit(0).err(), Some(FetchError::TotalFull));
        assert_eq!(outlet.admit(1).err(), Some(FetchError::TotalFull), "a refused request takes no place");
        drop(permits);
        assert!(outlet.admit(1).is_ok());
    }

    #[test]
    fn the_bodies_of_all_rooms_have_so_much_memory_at_a_time() {
        let outlet = outlet(&Limits::with(|limits| limits.fetch_memory_bytes = 25 << 10));
        let body = |bytes| FetchRequest { body: Some(vec![0; bytes].into()), ..request("https://example.com/") };
        let reserved = |bytes| {
            let mut request = outlet.check(body(bytes), 0).expect("it is valid");
            outlet.reserve(&mut request).map(|()| request)
        };
        let sent = (reserved(10 << 10).expect("it fits"), reserved(10 << 10).expect("it fits"));
        assert_eq!(reserved(10 << 10).err(), Some(FetchError::TotalFull));
        drop(sent);
        assert!(reserved(20 << 10).is_ok());
    }
}
