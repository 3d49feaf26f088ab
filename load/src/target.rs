//! The server under load: its address, and the upgrade requests to it.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use ws_protocol::{ClientHandshake, HandshakeError, Welcome};

use super::options::Options;
use super::tls::Tls;

/// The timeout of the first connection, which checks that a server listens.
const PATIENCE: Duration = Duration::from_secs(5);

/// The key of every request, that of RFC 6455 §1.3. The key protects against caches, so a load generator needs no random one.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The server under load.
#[derive(Debug)]
pub struct Target {
    /// Its address.
    pub address: SocketAddr,
    /// TLS, for `wss://`.
    pub tls: Option<Tls>,
    host: String,
    path: String,
}

impl Target {
    /// Parses a URL, and finds the first of its addresses that answers.
    pub fn find(options: &Options) -> anyhow::Result<Self> {
        let url = &options.url;
        let Parts { is_secure, host, path } = parse(url)?;
        let name = without_port(&host);
        let with_port = if name == host { format!("{host}:{}", if is_secure { 443 } else { 80 }) } else { host.clone() };
        let tls = is_secure.then(|| Tls::new(name, options)).transpose()?;
        let addresses = with_port.to_socket_addrs().with_context(|| format!("cannot find the host of {url}"))?;
        let mut error = anyhow!("its name has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return Ok(Self { address, tls, host, path }),
                Err(why) => error = anyhow!("{address}: {why}"),
            }
        }
        Err(anyhow!("cannot connect to {url} ({error:#}); is the server running?"))
    }

    /// The upgrade request for a room.
    pub fn request(&self, room: usize, deflate: bool) -> String {
        let path = self.path.replace("{room}", &room.to_string());
        ClientHandshake { host: &self.host, path: &path, key: KEY, deflate }.request()
    }
}

/// Reads the answer to an upgrade request, which offered compression or not. `None` means that it is incomplete.
pub fn read_answer(bytes: &[u8], deflate: bool) -> Option<Result<Welcome, HandshakeError>> {
    ClientHandshake { host: "", path: "", key: KEY, deflate }.response(bytes)
}

/// A URL.
struct Parts {
    is_secure: bool,
    /// The host, with the port if it is given.
    host: String,
    /// The path with its query.
    path: String,
}

fn parse(url: &str) -> anyhow::Result<Parts> {
    let is_secure = url.starts_with("wss://");
    let Some(rest) = url.strip_prefix(if is_secure { "wss://" } else { "ws://" }) else {
        bail!("{url:?} is no WebSocket URL; write ws://localhost:13254/")
    };
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if host.is_empty() || url.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        bail!("{url:?} is no WebSocket URL; write ws://localhost:13254/");
    }
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok(Parts { is_secure, host: host.to_owned(), path })
}

/// The host without the port. It may be an IPv6 address in brackets.
fn without_port(host: &str) -> &str {
    host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit())).map_or(host, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_perhaps_a_port_and_a_path() {
        let parts = |url| parse(url).map(|parts| format!("{} {}", parts.host, parts.path)).map_err(|error| error.to_string());
        assert_eq!(parts("ws://localhost:1/a?b#c"), Ok("localhost:1 /a?b".to_owned()));
        assert_eq!(parts("ws://[::1]?b"), Ok("[::1] /?b".to_owned()));
        assert_eq!(parts("ws://localhost"), Ok("localhost /".to_owned()));
        assert_eq!(parts("wss://localhost/a"), Ok("localhost /a".to_owned()));
        for (url, is_secure) in [("ws://wss/", false), ("wss://ws/", true)] {
            assert!(parse(url).is_ok_and(|parts| parts.is_secure == is_secure), "{url}");
        }
        for wrong in ["localhost:1", "http://localhost/", "ws://", "ws:///path", "ws://a b/"] {
            assert!(parts(wrong).is_err_and(|error| error.contains("is no WebSocket URL")), "{wrong}");
        }
        let hosts = ["localhost:80", "[::1]:80", "localhost", "[::1]"];
        assert_eq!(hosts.map(without_port), ["localhost", "[::1]", "localhost", "[::1]"]);
    }
}
