//! The client's address in a proxy's `X-Forwarded-For`.
//!
//! The header is a list. Each proxy appends the address that connected to it, and the client can write anything in front.
//! So the list is read from its end: entries of trusted proxies are skipped, and the first other entry is the client.
//! `Forwarded` (RFC 7239) is ignored: a proxy that appends to one of the two headers passes the other on unchanged.

use std::net::{IpAddr, SocketAddr};

use hyper::http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};

use super::source::Source;
use crate::error::Error;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The other side of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address, or the one that a trusted proxy names by the PROXY protocol.
    pub address: SocketAddr,
    /// Whether it is a trusted proxy, whose requests name the client.
    pub forwards: bool,
}

/// The trusted proxies.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    /// Whether those that connect by a Unix socket are trusted.
    by_unix: bool,
}

/// Stands for all that connect by a Unix socket.
const BY_UNIX: &str = "unix";

impl Proxies {
    /// Reads addresses and networks: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`. A network of mapped addresses
    /// (`::ffff:10.0.0.0/104`) is one of IPv4. `unix` stands for all that connect by a Unix socket.
    ///
    /// # Errors
    /// A text is neither an address nor a network.
    pub fn parse(texts: &[String]) -> Result<Self, Error> {
        let (by_unix, networks): (Vec<_>, Vec<_>) = texts.iter().partition(|text| *text == BY_UNIX);
        let parse = |text: &String| {
            let network = text.parse().ok().or_else(|| text.parse().map(IpAddr::into).ok());
            network.and_then(canonical).ok_or_else(|| Error::TrustedProxy(text.clone()))
        };
        let trusted = networks.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { trusted, by_unix: !by_unix.is_empty() })
    }

    /// The other side of a connection that no header of the PROXY protocol begins.
    pub fn peer(&self, source: Source) -> Peer {
        let forwards = match source {
            Source::Tcp(address) => self.trust(address.ip()),
            Source::Unix => self.by_unix,
        };
        Peer { address: source.address(), forwards }
    }

    /// The other side of a connection on which this proxy names a client, or none: then it speaks for itself, or does not know.
    ///
    /// The client counts as another proxy only by an entry that does not trust the announcing proxy as well. A client of the proxy's
    /// own network must not name addresses.
    pub fn announced(&self, proxy: Source, client: Option<SocketAddr>) -> Peer {
        let Some(address) = client else { return Peer { address: proxy.address(), forwards: false } };
        let client = address.ip().to_canonical();
        let also_trusts_the_proxy = |network: &IpNet| match proxy {
            Source::Tcp(proxy) => network.contains(&proxy.ip().to_canonical()),
            Source::Unix => false,
        };
        let forwards = self.trusted.iter().any(|network| network.contains(&client) && !also_trusts_the_proxy(network));
        Peer { address, forwards }
    }

    /// The client's address, for a request of this peer. The port is 0 if the proxy does not name one.
    pub fn client(&self, peer: Peer, headers: &HeaderMap) -> SocketAddr {
        let Peer { address: mut client, mut forwards } = peer;
        let values = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        let entries = values.flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
        // Empty elements of a list do not count (RFC 9110 §5.6.1).
        let mut entries = entries.map(str::trim).filter(|entry| !entry.is_empty());
        while forwards {
            // The trusted proxy wrote no address: only its own is known.
            let Some(next) = entries.next().and_then(address) else { break };
            (client, forwards) = (next, self.trust(next.ip()));
        }
        client
    }

    fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

/// The network, as one of IPv4 if its addresses are mapped ones: peers are compared in that form. `None` if it reaches beyond
/// them, which is the prefix of an IPv4 network on a mapped address (`::ffff:10.0.0.0/8`).
fn canonical(network: IpNet) -> Option<IpNet> {
    let mapped = match network {
        IpNet::V4(_) => None,
        IpNet::V6(network) => network.addr().to_ipv4_mapped(),
    };
    let Some(address) = mapped else { return Some(network) };
    Ipv4Net::new(address, network.prefix_len().checked_sub(96)?).ok().map(IpNet::V4)
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

    fn proxies(trusted: &[&str]) -> Proxies {
        let trusted: Vec<_> = trusted.iter().map(ToString::to_string).collect();
        Proxies::parse(&trusted).expect("these are networks")
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().expect("the test's address is valid")
    }

    fn forwarded(headers: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(X_FORWARDED_FOR, header.parse().expect("the test's header is valid"));
        }
        map
    }

    /// The client of a request from this address with these headers, where 10.0.0.0/8 and 2001:db8::7 are trusted.
    fn client(from: &str, headers: &[&str]) -> String {
        let proxies = proxies(&["10.0.0.0/8", "2001:db8::7"]);
        proxies.client(proxies.peer(Source::tcp(at(from))), &forwarded(headers)).to_string()
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
        for nothing in ["", ",", "unknown", "_hidden", "203.0.113.5, nonsense", "1.2.3.4.5", "[::1"] {
            assert_eq!(client("10.0.0.1:80", &[nothing]), "10.0.0.1:80", "{nothing:?}");
        }
    }

    #[test]
    fn empty_entries_do_not_count() {
        for list in ["203.0.113.5,", "203.0.113.5 , ,", ",203.0.113.5,\t,", "1.1.1.1,,203.0.113.5,,10.0.0.2,"] {
            assert_eq!(client("10.0.0.1:80", &[list]), "203.0.113.5:0", "{list:?}");
        }
        assert_eq!(client("10.0.0.1:80", &["203.0.113.5", ""]), "203.0.113.5:0");
    }

    #[test]
    fn a_client_that_is_announced_from_the_proxys_own_network_does_not_name_another() {
        let client = |trusted: &[&str], announced: Option<&str>| {
            let proxies = proxies(trusted);
            let peer = proxies.announced(Source::tcp(at("10.0.0.1:80")), announced.map(at));
            proxies.client(peer, &forwarded(&["203.0.113.5"])).to_string()
        };
        assert_eq!(client(&["10.0.0.0/8"], Some("10.9.9.9:4711")), "10.9.9.9:4711");
        assert_eq!(client(&["10.0.0.0/8", "10.0.0.1"], Some("[::ffff:10.9.9.9]:4711")), "[::ffff:10.9.9.9]:4711");
        assert_eq!(client(&["10.0.0.0/8"], Some("198.51.100.1:4711")), "198.51.100.1:4711", "a stranger");
        assert_eq!(client(&["10.0.0.0/8"], None), "10.0.0.1:80", "whoever it is");
        assert_eq!(client(&["10.0.0.1", "10.9.9.9"], Some("10.9.9.9:4711")), "203.0.113.5:0", "a proxy with an entry of its own");
        assert_eq!(client(&["10.0.0.0/8", "198.51.100.0/24"], Some("198.51.100.1:4711")), "203.0.113.5:0");
    }

    #[test]
    fn a_network_of_mapped_addresses_is_one_of_ipv4() {
        for (network, from) in [
            ("::ffff:127.0.0.1", "127.0.0.1:80"),
            ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:80"),
            ("::ffff:10.0.0.0/104", "10.9.9.9:80"),
            ("::ffff:0:0/96", "192.0.2.1:80"),
            ("127.0.0.1", "[::ffff:127.0.0.1]:80"),
        ] {
            assert!(proxies(&[network]).peer(Source::tcp(at(from))).forwards, "{network} has {from}");
        }
        assert!(!proxies(&["::ffff:127.0.0.1"]).peer(Source::tcp(at("127.0.0.2:80"))).forwards);
        assert!(!proxies(&["::ffff:10.0.0.0/104"]).peer(Source::tcp(at("11.0.0.1:80"))).forwards);
    }

    #[test]
    fn a_proxy_on_a_unix_socket_is_trusted_by_that_word_alone() {
        let client = |trusted: &[&str]| {
            let proxies = proxies(trusted);
            proxies.client(proxies.peer(Source::Unix), &forwarded(&["203.0.113.5"])).to_string()
        };
        assert_eq!(client(&["unix"]), "203.0.113.5:0");
        assert_eq!(client(&["127.0.0.1", "0.0.0.0/0"]), "127.0.0.1:0", "its own address, whatever networks are trusted");
        assert!(!proxies(&["unix"]).peer(Source::tcp(at("127.0.0.1:80"))).forwards);
        let announced = proxies(&["unix", "10.0.0.0/8"]).announced(Source::Unix, Some(at("10.0.0.1:80")));
        assert!(announced.forwards, "a proxy before the proxy");
    }

    #[test]
    fn an_invalid_network_is_refused() {
        for wrong in ["", "unix:", "localhost", "10.0.0.0/33", "10.0.0", "*", "::ffff:10.0.0.0/8", "::ffff:10.0.0.1/95"] {
            let line = Proxies::parse(&[wrong.to_owned()]).expect_err("this is no network").to_string();
            assert!(line.contains(&format!("{wrong:?} is no address of a proxy")), "{line}");
        }
    }
}
