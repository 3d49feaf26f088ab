//! The client's address in a proxy's `X-Forwarded-For`.
//!
//! The header is a list. Each proxy appends the address that connected to it, and the client can write anything in front.
//! So the list is read from its end: entries of trusted proxies are skipped, and the first other entry is the client.
//! `Forwarded` (RFC 7239) is ignored: a proxy that appends to one of the two headers passes the other on unchanged.

use std::net::{IpAddr, SocketAddr};

use hyper::http::HeaderMap;
use ipnet::IpNet;

use crate::error::Error;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The trusted proxies.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    /// Whether their connections begin with a header of the PROXY protocol.
    announce: bool,
}

impl Proxies {
    /// Reads addresses and networks: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`.
    ///
    /// With `announce`, their connections begin with a header of the PROXY protocol.
    ///
    /// # Errors
    /// A text is neither an address nor a network.
    pub fn parse(texts: &[String], announce: bool) -> Result<Self, Error> {
        let parse = |text: &String| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| Error::TrustedProxy(text.clone()))
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(|trusted| Self { trusted, announce })
    }

    /// Whether this address belongs to a trusted proxy.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// Whether a connection from this address begins with a header of the PROXY protocol.
    pub fn announce(&self, address: IpAddr) -> bool {
        self.announce && self.trust(address)
    }

    /// The client's address, for a request from this address. The port is 0 if the proxy does not name one.
    pub fn client(&self, from: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut client = from;
        let values = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        let mut entries = values.flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
        while self.trust(client.ip()) {
            // The trusted proxy wrote no address: only its own is known.
            let Some(next) = entries.next().and_then(|entry| address(entry.trim())) else { break };
            client = next;
        }
        client
    }
}

/// Reads `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<SocketAddr> {
    let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = plain.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0)).or_else(|_| text.parse::<SocketAddr>()).ok()?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a request from this address with these headers, where 10.0.0.0/8 and 2001:db8::7 are trusted.
    fn client(from: &str, headers: &[&str]) -> String {
        let proxies = Proxies::parse(&["10.0.0.0/8".to_owned(), "2001:db8::7".to_owned()], false).expect("these are networks");
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(X_FORWARDED_FOR, header.parse().expect("the test's header is valid"));
        }
        proxies.client(from.parse().expect("the test's address is valid"), &map).to_string()
    }

    #[test]
    fn the_header_of_a_stranger_does_not_count() {
        assert_eq!(client("192.0.2.9:80", &["203.0.113.5"]), "192.0.2.9:80");
        assert_eq!(client("[2001:db8::8]:80", &["203.0.113.5"]), "[2001:db8::8]:80");
    }

    #[test]
    fn a_trusted_proxy_names_the_client() {
        assert_eq!(client("10.0.0.1:80", &["203.0.113.5"]), "203.0.113.5:0");
        assert_eq!(client("10.0.0.1:80", &["203.0.113.5:4711"]), "203.0.113.5:4711");
        assert_eq!(client("[2001:db8::7]:80", &["2001:db8::1"]), "[2001:db8::1]:0");
        assert_eq!(client("[::ffff:10.0.0.1]:80", &["[2001:db8::1]:4711"]), "[2001:db8::1]:4711");
    }

    #[test]
    fn entries_in_front_of_a_proxys_own_do_not_count() {
        assert_eq!(client("10.0.0.1:80", &["1.1.1.1, 203.0.113.5"]), "203.0.113.5:0");
        assert_eq!(client("10.0.0.1:80", &["1.1.1.1", "10.9.9.9, 203.0.113.5"]), "203.0.113.5:0", "headers are one list");
        assert_eq!(client("10.0.0.1:80", &["garbage, 203.0.113.5"]), "203.0.113.5:0");
    }

    #[test]
    fn trusted_proxies_in_the_list_are_skipped() {
        assert_eq!(client("10.0.0.1:80", &["1.1.1.1, 203.0.113.5, 10.0.0.3", "10.0.0.2"]), "203.0.113.5:0");
        assert_eq!(client("10.0.0.1:80", &["10.0.0.3,10.0.0.2"]), "10.0.0.3:0", "all are trusted: the first is the client");
    }

    #[test]
    fn without_a_usable_entry_the_proxys_own_address_counts() {
        assert_eq!(client("10.0.0.1:80", &[]), "10.0.0.1:80");
        for nothing in ["", "unknown", "_hidden", "203.0.113.5,", "203.0.113.5, nonsense", "1.2.3.4.5", "[::1"] {
            assert_eq!(client("10.0.0.1:80", &[nothing]), "10.0.0.1:80", "{nothing:?}");
        }
    }

    #[test]
    fn an_invalid_network_is_refused() {
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0", "*"] {
            let line = Proxies::parse(&[wrong.to_owned()], false).expect_err("this is no network").to_string();
            assert!(line.contains(&format!("{wrong:?} is no address of a proxy")), "{line}");
        }
    }
}
