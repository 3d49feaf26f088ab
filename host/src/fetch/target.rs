//! The server that a URL names: its scheme, host and port.

use std::fmt;
use std::net::IpAddr;

/// A host as a URL or the owner's list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A name, in lower case and without a dot at its end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// The server that a request goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether it speaks TLS.
    pub(super) is_https: bool,
    pub(super) host: Host,
    /// Whether the name ended with a dot: it is looked up as it is, without the search domains of this machine.
    pub(super) is_absolute: bool,
    pub(super) port: u16,
}

impl Host {
    /// Parses a host as a URL has it, with brackets around an IPv6 address.
    ///
    /// # Errors
    /// The mistake, as the rest of a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse().map(|address| Self::Address(IpAddr::V6(address))).map_err(|_| "is no IPv6 address");
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err("is empty");
        }
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.len() > 253 || !name.bytes().all(is_part) || name.split('.').any(str::is_empty) {
            return Err("is no host name; other names than ASCII are written in Punycode");
        }
        if let Ok(address) = name.parse() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        if ends_in_a_number(name) {
            // Resolvers take 2130706433 and 0177.1 for 127.0.0.1.
            return Err("is no IPv4 address; it has four decimal numbers, without zeros in front");
        }
        Ok(Self::Name(name.to_ascii_lowercase()))
    }
}

/// Whether a name ends like an address (the URL standard's "ends in a number").
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits(last) || last.strip_prefix("0x").or_else(|| last.strip_prefix("0X")).is_some_and(hex)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl Target {
    /// The name to look up.
    pub(super) fn to_resolve(&self) -> String {
        format!("{}{}", self.host, self.dot())
    }

    fn dot(&self) -> &'static str {
        if self.is_absolute { "." } else { "" }
    }

    /// Its place in a URL, without the port if that is the scheme's.
    pub(super) fn authority(&self) -> String {
        let default_port = if self.is_https { 443 } else { 80 };
        let port = if self.port == default_port { String::new() } else { format!(":{}", self.port) };
        format!("{}{}{port}", self.host, self.dot())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts() {
        for (text, expected) in [
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a_b", "a_b"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[0:0::1]", "[::1]"),
            ("1.2.3.example", "1.2.3.example"),
        ] {
            assert_eq!(Host::parse(text).map(|host| host.to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_spellings_of_an_ipv4_address_are_no_host() {
        for text in [
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "127.0.0.01",
            "127.0.0.1.1",
            "256.0.0.1",
            "1.2.3.0X4",
            "a.1",
        ] {
            assert!(Host::parse(text).is_err_and(|why| why.contains("IPv4")), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_host() {
        for text in
            ["", ".", "a..b", "a b", "b\u{fc}cher.example", "%31", "[::1", "[127.0.0.1]", "[::1%25lo]", "a/b", "a@b", "a:1"]
        {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }
}
