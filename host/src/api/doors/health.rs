//! The door for monitoring: metrics and probes alone, over plain HTTP.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};

use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

use super::accepting::{Listener, accept_all};
use super::connection;
use crate::api::health;
use crate::api::service::Api;
use crate::error::Error;

/// A listening socket for `/metrics`, `/healthz` and `/readyz`.
#[derive(Debug)]
pub struct HealthDoor {
    listener: StdListener,
    address: SocketAddr,
}

impl HealthDoor {
    /// Listens at a host and port, such as `127.0.0.1:9090` or `[::]:9090`: the first address of a name that can be listened on.
    ///
    /// # Errors
    /// `Error::Health`: the system does not let it listen there.
    pub fn open(place: &str) -> Result<Self, Error> {
        let failed = |source| Error::Health { place: place.to_owned(), source };
        let listener = StdListener::bind(place).map_err(failed)?;
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
        let listening = Listening(TcpListener::from_std(self.listener)?);
        let handle = api.handle().clone();
        let router = health::router(api);
        let serve = |stream: TcpStream| {
            let router = router.clone();
            connection::serve(stream, handle.clone(), move |request| router.clone().call(request))
        };
        accept_all("the door for monitoring", &handle, &listening, serve).await;
        Ok(())
    }
}

/// The listening socket in its runtime.
struct Listening(TcpListener);

impl Listener for Listening {
    type Connection = TcpStream;

    async fn next(&self) -> io::Result<TcpStream> {
        Ok(self.0.accept().await?.0)
    }
}
