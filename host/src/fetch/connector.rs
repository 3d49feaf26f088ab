//! New connections: a name is resolved once, its addresses are checked, and one that has passed is connected to.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::answer::{Cause, Failure};
use super::lookups::{Lookups, Resolve};
use super::outlet::Outlet;
use super::stream::{Bytes, Stream};
use super::target::{Host, Target};
use crate::log::in_short;

/// How long an address may take while there are others to try.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(5);
/// The connections to all servers that are kept for another request. Further ones end with theirs.
const KEPT: usize = 256;

type Connecting = Pin<Box<dyn Future<Output = Result<TokioIo<Stream>, Failure>> + Send>>;

/// Connects to servers. A clone costs reference counts.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    outlet: Arc<Outlet>,
    lookups: Lookups,
    /// The connections that may be kept for another request. The client's own limit is one for each server.
    keepable: Arc<Semaphore>,
}

impl Connector {
    /// A connector that looks names up with `resolve`.
    pub(super) fn new(outlet: Arc<Outlet>, resolve: Arc<Resolve>) -> Self {
        Self { outlet, lookups: Lookups::new(resolve), keepable: Arc::new(Semaphore::new(KEPT)) }
    }

    /// Connects within the time of a request. The client may finish a connection that it has begun behind the request's end.
    async fn connect_in_time(self, uri: Uri) -> Result<TokioIo<Stream>, Failure> {
        let (most, server) = (self.outlet.timeout, uri.authority().map(ToString::to_string).unwrap_or_default());
        let late = || Failure::new(Cause::Unreachable, format!("cannot connect to {server} in time"));
        timeout(most, self.connect(uri)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<Stream>, Failure> {
        let target = Target::of(&uri).map_err(|why| Failure::new(Cause::Unreachable, format!("the URL {uri} {why}")))?;
        let addresses = self.addresses(&target).await?;
        let socket = first_reachable(&target, &addresses).await?;
        // Requests are written whole. A failure costs a delay alone.
        let _ = socket.set_nodelay(true);
        let bytes = if target.is_https { self.with_tls(&target, socket).await? } else { Bytes::Plain(socket) };
        Ok(TokioIo::new(Stream { bytes, kept: Arc::clone(&self.keepable).try_acquire_owned().ok() }))
    }

    /// The addresses of a server that may be connected to.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Failure> {
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self
                .lookups
                .addresses(target.to_resolve())
                .await
                .map_err(|error| Failure::new(Cause::Unresolved, format!("the name {name} does not resolve: {error}")))?,
        };
        if found.is_empty() {
            return Err(Failure::new(Cause::Unresolved, format!("the name {} has no address", target.host)));
        }
        let admitted: Vec<_> =
            found.iter().filter(|address| self.outlet.admits(**address)).map(|address| (*address, target.port).into()).collect();
        if admitted.is_empty() {
            let address = found[0].to_canonical();
            let what = format!(
                "to {}, whose address {address} is not public and not in `allow_http_private`",
                in_short(&target.to_string())
            );
            self.outlet.log_denial(&what);
            // The app learns no address of the owner's network.
            return Err(Failure::new(Cause::Denied, format!("this host does not connect to the address of {}", target.host)));
        }
        Ok(admitted)
    }

    async fn with_tls(&self, target: &Target, socket: TcpStream) -> Result<Bytes, Failure> {
        let failed = |error: io::Error| Failure::new(Cause::Tls, format!("the TLS handshake with {target} fails: {error}"));
        let config = self.outlet.roots.config().await.map_err(failed)?;
        let name = match &target.host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| failed(io::Error::other(error)))?,
            Host::Address(address) => ServerName::from(*address),
        };
        let stream = TlsConnector::from(config).connect(name, socket).await.map_err(failed)?;
        Ok(Bytes::Tls(Box::new(stream)))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Failure;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        Box::pin(self.clone().connect_in_time(uri))
    }
}

/// Connects to the first of these addresses that answers, in the resolver's order.
async fn first_reachable(target: &Target, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut problem = io::Error::from(io::ErrorKind::TimedOut);
    for (index, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let connected = if index + 1 < addresses.len() {
            timeout(ONE_OF_SEVERAL, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        } else {
            connecting.await
        };
        match connected {
            Ok(socket) => return Ok(socket),
            Err(error) => problem = error,
        }
    }
    Err(Failure::new(Cause::Unreachable, format!("cannot connect to {target}: {problem}")))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, TcpListener};
    use std::sync::Mutex;

    use hyper_util::client::legacy::connect::Connection;

    use super::*;
    use crate::config::{Limits, Outgoing};
    use crate::fetch::lookups::Addresses;

    /// The answers to the look-ups of a name, one after the other.
    fn connector(private: &[&str], answers: &[&[&str]]) -> (Connector, Arc<Mutex<Vec<Vec<IpAddr>>>>) {
        let outgoing = Outgoing { allow_private: private.iter().map(ToString::to_string).collect(), ..Outgoing::default() };
        let outlet = Outlet::new(&outgoing, &Limits::default()).expect("the rules are valid");
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect();
        let answers: Arc<Mutex<Vec<Vec<IpAddr>>>> = Arc::new(Mutex::new(answers.iter().rev().map(parse).collect()));
        let left = Arc::clone(&answers);
        let resolve = move |_| -> Addresses {
            let answer = answers.lock().expect("no test panics with it").pop();
            Box::pin(async { answer.ok_or_else(|| io::Error::other("it was asked before")) })
        };
        (Connector::new(outlet, Arc::new(resolve)), left)
    }

    async fn connects(private: &[&str], url: &str, answers: &[&[&str]]) -> Result<(), Cause> {
        let (connector, _) = connector(private, answers);
        connector.connect(url.parse().expect("a URL")).await.map(drop).map_err(|failure| failure.cause)
    }

    #[tokio::test]
    async fn a_name_with_an_address_that_is_not_public_is_denied() {
        for address in [
            "127.0.0.1",
            "169.254.169.254",
            "::ffff:127.0.0.1",
            "fd00::1",
            "64:ff9b::7f00:1",
            "100.64.0.1",
            "0.0.0.0",
            "::",
            "10.0.0.1",
        ] {
            assert_eq!(connects(&[], "http://evil.example", &[&[address]]).await, Err(Cause::Denied), "{address}");
        }
    }

    #[tokio::test]
    async fn a_literal_address_is_checked_too() {
        for url in ["http://127.0.0.1", "http://[::1]:80", "http://[::ffff:127.0.0.1]", "http://169.254.169.254"] {
            assert_eq!(connects(&[], url, &[]).await, Err(Cause::Denied), "{url}");
        }
        for url in ["http://2130706433", "http://0177.0.0.1", "http://0x7f.1"] {
            assert_eq!(connects(&[], url, &[&["127.0.0.1"]]).await, Err(Cause::Unreachable), "{url}");
        }
    }

    #[tokio::test]
    async fn the_checked_address_is_connected_to_whatever_the_name_says_later() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        // Asked a second time, the name would lead elsewhere.
        let (connector, left) = connector(&["127.0.0.1"], &[&["127.0.0.1"], &["169.254.169.254"]]);
        let url = format!("http://changes.example:{port}").parse().expect("a URL");
        connector.connect(url).await.expect("the first address is allowed");
        assert!(listener.accept().is_ok());
        assert_eq!(left.lock().expect("no test panics with it").len(), 1, "one look-up is enough");
    }

    #[tokio::test]
    async fn addresses_that_are_not_allowed_are_left_out() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let url = format!("http://two.example:{}", listener.local_addr().expect("it listens").port());
        assert_eq!(connects(&["127.0.0.1"], &url, &[&["10.0.0.1", "127.0.0.1"]]).await, Ok(()));
    }

    #[tokio::test]
    async fn names_without_an_address_and_ports_without_a_server_are_told_apart() {
        assert_eq!(connects(&[], "http://none.example", &[]).await, Err(Cause::Unresolved));
        assert_eq!(connects(&[], "http://none.example", &[&[]]).await, Err(Cause::Unresolved));
        let closed = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port is free");
        let url = format!("http://two.example:{}", closed.port());
        assert_eq!(connects(&["127.0.0.1"], &url, &[&["127.0.0.1"]]).await, Err(Cause::Unreachable));
    }

    #[tokio::test]
    async fn a_name_that_ends_with_a_dot_is_looked_up_with_it() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let names = Arc::clone(&asked);
        let resolve = move |name| -> Addresses {
            names.lock().expect("no test panics with it").push(name);
            Box::pin(async { Ok(Vec::new()) })
        };
        let outlet = Outlet::new(&Outgoing::default(), &Limits::default()).expect("the rules are valid");
        let connector = Connector::new(outlet, Arc::new(resolve));
        for url in ["http://a.example./", "http://a.example:8080/", "http://a.example.:8080/"] {
            let url = url.parse().expect("a URL");
            assert!(
                connector.clone().connect(url).await.is_err_and(|failure| failure.detail == "the name a.example has no address")
            );
        }
        assert_eq!(*asked.lock().expect("no test panics with it"), ["a.example.", "a.example", "a.example."]);
    }

    #[tokio::test]
    async fn a_number_of_connections_to_all_servers_is_kept_and_others_end_with_their_request() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let url: Uri = format!("http://{}", listener.local_addr().expect("it listens")).parse().expect("a URL");
        let (connector, _) = connector(&["127.0.0.1"], &[]);
        let is_kept = async || {
            let stream = connector.clone().connect(url.clone()).await.expect("the address is allowed");
            let is_kept = !format!("{:?}", stream.inner().connected()).contains("poisoned: true");
            (stream, is_kept)
        };
        let taken = Arc::clone(&connector.keepable).acquire_many_owned(KEPT as u32 - 1).await.expect("it is open");
        let (last, is_last_kept) = is_kept().await;
        let (_further, is_further_kept) = is_kept().await;
        assert!(is_last_kept && !is_further_kept);
        drop(last);
        assert!(is_kept().await.1, "the first one has ended");
        drop(taken);
    }
}
