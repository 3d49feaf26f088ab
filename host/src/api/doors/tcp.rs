//! The TCP door: an address where the API asks for a token.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

use super::accepting::{Listener, accept_all};
use super::checks::{Checks, Visitor};
use super::connection;
use super::cors::Cors;
use super::settings::TcpSettings;
use super::token_file::TokenFile;
use super::tokens::Tokens;
use crate::api::router::router;
use crate::api::service::Api;
use crate::api::takeover::Taking;
use crate::config::Listen;
use crate::error::Error;
use crate::front::{Given, Part, Permits, Tls, Transport, listen_or_take};
use crate::handle::Handle;
use crate::listen::Place;

/// The connections of one address, and of all of them.
const MAX_PER_ADDRESS: usize = 64;
const MAX_CONNECTIONS: usize = 256;
/// How long a TLS handshake may take.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// An address where the API listens. It asks for a token, for `localhost`, an address or a name that it was told, and beyond this machine for TLS.
#[derive(Debug)]
pub struct TcpDoor {
    listeners: Vec<StdTcpListener>,
    addresses: Vec<SocketAddr>,
    is_tls: bool,
    made: Option<String>,
    token_file: Option<TokenFile>,
    checks: Arc<Checks>,
    cors: Arc<Cors>,
}

impl TcpDoor {
    /// Listens, and reads the tokens or makes one. `has_certificate` tells whether the server can speak TLS. A server that takes another's place goes
    /// on where that one has its door; open the door before the server is built.
    ///
    /// # Errors
    /// The address cannot be listened on, other machines would reach it without TLS, or a setting cannot be used.
    pub fn open(settings: &TcpSettings, has_certificate: bool, taking: Option<&mut Taking>) -> Result<Self, Error> {
        let (tokens, made) = match &settings.token_file {
            Some(file) => (Tokens::read(file)?, None),
            None => Tokens::make().map(|(tokens, secret)| (tokens, Some(secret)))?,
        };
        let cors = Arc::new(Cors::new(settings.origins.clone())?);
        let mut none = Given::default();
        let listeners = listen(&settings.address, taking.map_or(&mut none, Taking::api))?;
        let addresses: Vec<_> = listeners.iter().map(StdTcpListener::local_addr).collect::<io::Result<_>>().map_err(unusable)?;
        let is_local = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
        if !is_local && !settings.is_insecure && !has_certificate {
            return Err(Error::ApiInClear(settings.address.clone()));
        }
        let is_tls = !is_local && !settings.is_insecure;
        let checks = Arc::new(Checks::new(tokens, settings.hosts.clone(), settings.rate, Instant::now()));
        let token_file = settings.token_file.as_ref().map(|path| TokenFile::new(path, &checks));
        Ok(Self { listeners, addresses, is_tls, made, token_file, checks, cors })
    }

    /// Its addresses: those of the host name, on one port.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Whether it speaks TLS, with the server's certificate.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The token that was made for lack of a file. It has all rights.
    pub fn made_token(&self) -> Option<&str> {
        self.made.as_deref()
    }

    /// The file of its tokens, if the settings name one.
    pub fn token_file(&self) -> Option<&TokenFile> {
        self.token_file.as_ref()
    }

    /// Answers requests until the server has ended. Call it within a tokio runtime.
    ///
    /// # Errors
    /// The system refuses the sockets.
    pub async fn serve(self, api: Api) -> Result<(), Error> {
        let handle = api.handle().clone();
        let listeners: Vec<_> =
            self.listeners.into_iter().map(TcpListener::from_std).collect::<io::Result<_>>().map_err(unusable)?;
        let tls = if self.is_tls { handle.tls().cloned() } else { None };
        let visit = Arc::new(Visit {
            router: router(api),
            handle: handle.clone(),
            tls,
            permits: Permits::new(MAX_CONNECTIONS, Some(MAX_PER_ADDRESS)),
            checks: self.checks,
            cors: self.cors,
        });
        let loops = listeners.into_iter().map(|listener| {
            let (listener, visit, handle) = (Arc::new(listener), Arc::clone(&visit), handle.clone());
            handle.listens(Part::Api, &listener);
            tokio::spawn(async move {
                let serve = |(stream, address)| Arc::clone(&visit).serve(stream, address);
                accept_all("the API", handle.doors_are_left(), &listener, serve).await;
            })
        });
        for each in loops.collect::<Vec<_>>() {
            let _ = each.await;
        }
        Ok(())
    }
}

/// The surroundings of a connection.
struct Visit {
    router: Router,
    handle: Handle,
    tls: Option<Arc<Tls>>,
    permits: Permits,
    checks: Arc<Checks>,
    cors: Arc<Cors>,
}

impl Visit {
    async fn serve(self: Arc<Self>, stream: TcpStream, address: SocketAddr) {
        let Some(_share) = self.permits.share(address.ip()) else {
            tracing::debug!(%address, "this address has too many connections to the API: closed");
            return;
        };
        let _ = stream.set_nodelay(true);
        let transport = Transport::accept(stream, address, self.tls.as_deref());
        let Ok(Some(transport)) = tokio::time::timeout(TLS_TIMEOUT, transport).await else { return };
        let visitor = Visitor::new(Arc::clone(&self.checks), address.ip());
        let (router, cors) = (self.router.clone(), Arc::clone(&self.cors));
        let handle = self.handle.clone();
        connection::serve(transport, async move { handle.doors_are_left().await }, move |request| {
            answer(request, visitor.clone(), router.clone(), Arc::clone(&cors))
        })
        .await;
    }
}

/// Answers a request.
pub(super) async fn answer(
    mut request: Request<Body>,
    visitor: Visitor,
    mut router: Router,
    cors: Arc<Cors>,
) -> Result<Response, Infallible> {
    let admitted = cors.admitted(request.headers());
    let mut answer = match visitor.check(&mut request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match cors.preflight(request.method(), request.headers()) {
            Some(answer) => return Ok(answer),
            None => router.call(request).await?,
        },
    };
    cors.tell(admitted, &mut answer);
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    Ok(answer)
}

impl Listener for Arc<TcpListener> {
    type Connection = (TcpStream, SocketAddr);

    async fn next(&self) -> io::Result<Self::Connection> {
        self.accept().await
    }
}

fn listen(address: &str, given: &mut Given) -> Result<Vec<StdTcpListener>, Error> {
    let failed = |problem: String| Error::Api { address: address.to_owned(), problem };
    let listen: Listen = address.parse().map_err(|error: Error| failed(error.to_string()))?;
    match listen.place {
        Place::Tcp { host, port } if !address.contains(',') => {
            listen_or_take(&host, port, given).map_err(|error| failed(error.to_string()))
        }
        _ => Err(failed("write a host and a port, such as localhost:9000".to_owned())),
    }
}

fn unusable(source: io::Error) -> Error {
    Error::System { what: "use a listening socket of the API", source }
}
