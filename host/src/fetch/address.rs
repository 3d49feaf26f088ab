//! The addresses that a request may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// Public addresses, and those of some networks besides.
#[derive(Debug, Clone, Default)]
pub(super) struct AddressPolicy {
    networks: Vec<IpNet>,
}

impl AddressPolicy {
    /// Admits these networks besides public addresses. An address alone is a network of one. A network of IPv4 addresses in IPv6 ones
    /// (`::ffff:10.0.0.0/104`) stands for that of the IPv4 addresses, since addresses are compared in that form.
    ///
    /// # Errors
    /// The first text that names no network.
    pub(super) fn parse(networks: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let network = text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| address.into()));
            network.and_then(canonical).ok_or_else(|| text.clone())
        };
        Ok(Self { networks: networks.iter().map(parse).collect::<Result<_, _>>()? })
    }

    /// Whether the host may connect to this address.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.networks.iter().any(|network| network.contains(&address))
    }
}

/// A network of IPv4 addresses in IPv6 ones as one of IPv4 addresses; another one as it is. `None` if it reaches beyond those addresses.
fn canonical(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(mapped) = network else { return Some(network) };
    let Some(address) = mapped.addr().to_ipv4_mapped() else { return Some(network) };
    let prefix = mapped.prefix_len().checked_sub(96)?;
    Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
}

/// Whether an address is one of the public internet (the registries for special purposes of RFC 6890). An IPv4 address in an IPv6 one counts
/// as itself.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network; private use (RFC 1918); loopback; multicast, reserved and broadcast.
        [0 | 10 | 127 | 224.., ..] => true,
        // Shared between a provider and its customers (RFC 6598).
        [100, second, ..] => second & 0xc0 == 64,
        // Link-local: 169.254.169.254 serves the secrets of a machine in many clouds.
        [169, 254, ..] | [192, 168, ..] => true,
        [172, second, ..] => second & 0xf0 == 16,
        // Protocol assignments, documentation, the former relays of 6to4.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Benchmarks (RFC 2544).
        [198, second, ..] => second & 0xfe == 18,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments, Teredo among them (RFC 2928); documentation (RFC 3849, RFC 9637).
        [0x2001, second, ..] => second > 0x01ff && second != 0x0db8,
        [0x3fff, second, ..] => second > 0x0fff,
        // All other public addresses are global unicast (RFC 4291 §2.4). Loopback, unique local (fc00::/7), link-local, multicast and
        // local NAT64 (64:ff9b:1::/48) are outside.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(networks: &[&str], address: &str) -> bool {
        let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
        AddressPolicy::parse(&networks).expect("networks").admits(address.parse().expect("an address"))
    }

    #[test]
    fn public_addresses_are_admitted() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(admits(&[], address), "{address}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_in_each_form() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "3fff:fff::1",
            "fc00::1",
            "fd00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!admits(&[], address), "{address}");
        }
    }

    #[test]
    fn networks_that_the_owner_names_are_admitted_in_each_form_too() {
        assert!(admits(&["127.0.0.0/8"], "127.0.0.1") && admits(&["127.0.0.0/8"], "::ffff:127.0.0.1"));
        assert!(!admits(&["127.0.0.0/8"], "::1") && !admits(&["127.0.0.0/8"], "10.0.0.1"));
        assert!(admits(&["10.1.2.3"], "10.1.2.3") && !admits(&["10.1.2.3"], "10.1.2.4"));
        assert!(admits(&["fd00::/8", "::1"], "fd12::1") && admits(&["::1"], "::1"));
        assert!(admits(&["::ffff:10.0.0.0/104"], "10.1.2.3") && admits(&["::ffff:10.0.0.0/104"], "::ffff:10.1.2.3"));
        assert!(!admits(&["::ffff:10.0.0.0/104"], "127.0.0.1") && admits(&["::ffff:10.1.2.3"], "10.1.2.3"));
        let beyond = "::ffff:0.0.0.0/95".to_owned();
        assert_eq!(AddressPolicy::parse(std::slice::from_ref(&beyond)).err(), Some(beyond), "it would match no address");
        assert_eq!(AddressPolicy::parse(&["10.0.0.0/33".to_owned()]).err(), Some("10.0.0.0/33".to_owned()));
        assert_eq!(AddressPolicy::parse(&["localhost".to_owned()]).err(), Some("localhost".to_owned()));
    }
}
