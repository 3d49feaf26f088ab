//! The door for monitoring: metrics and probes alone, over plain HTTP.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

use super::accepting::{Listener, accept_all};
use super::connection;
use crate::api::health;
use crate::api::service::Api;
use crate::api::takeover::Taking;
use crate::error::Error;
use crate::front::{Given, Part};

/// A listening socket for `/metrics`, `/healthz` and `/readyz`.
#[derive(Debug)]
pub struct HealthDoor {
    listener: StdListener,
    address: SocketAddr,
}

impl HealthDoor {
    /// Listens at a host and port, such as `127.0.0.1:9090` or `[::]:9090`: the first address of a name that can be listened on. A server that takes
    /// another's place goes on where that one has its door; open the door before the server is built.
    ///
    /// # Errors
    /// `Error::Health`: the system does not let it listen there.
    pub fn open(place: &str, taking: Option<&mut Taking>) -> Result<Self, Error> {
        let failed = |source| Error::Health { place: place.to_owned(), source };
        let addresses: Vec<_> = place.to_socket_addrs().map_err(failed)?.collect();
        let taken = taking.and_then(|taking| take(&addresses, taking.health()));
        let listener = taken.map_or_else(|| StdListener::bind(&*addresses), Ok).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Its address, with the port that the system chose for 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the server has ended. Call it within a tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub async fn serve(self, api: Api) -> io::Result<()> {
        let listening = Listening(Arc::new(TcpListener::from_std(self.listener)?));
        let handle = api.handle().clone();
        handle.listens(Part::Health, &listening.0);
        let router = health::router(api);
        let serve = |stream: TcpStream| {
            let (router, own) = (router.clone(), handle.clone());
            connection::serve(stream, async move { own.doors_are_left().await }, move |request| router.clone().call(request))
        };
        accept_all("the door for monitoring", handle.doors_are_left(), &listening, serve).await;
        Ok(())
    }
}

/// The socket that listens at one of these addresses; port 0 is any.
fn take(addresses: &[SocketAddr], given: &mut Given) -> Option<StdListener> {
    addresses.iter().find_map(|address| {
        let port = if address.port() == 0 { given.port(address.ip())? } else { address.port() };
        given.tcp(SocketAddr::new(address.ip(), port))
    })
}

/// The listening socket in its runtime.
struct Listening(Arc<TcpListener>);

impl Listener for Listening {
    type Connection = TcpStream;

    async fn next(&self) -> io::Result<TcpStream> {
        Ok(self.0.accept().await?.0)
    }
}
