//! An authority: the host and the port of a URL, an origin or a `Host` header (RFC 3986 §3.2).

use std::net::{Ipv4Addr, Ipv6Addr};

/// A host with its port, if it names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `example.com`, `192.0.2.1:8080` or `[2001:db8::1]:443`. An empty port counts as no port.
    ///
    /// `None` for other texts: an empty host, a user's name in front (RFC 9110 §4.2.4), a port above 65535.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (host, rest) = match text.find(']') {
            Some(end) => text.split_at(end + 1),
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some("") => None,
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(port.parse().ok()?),
            Some(_) => return None,
            None if rest.is_empty() => None,
            None => return None,
        };
        (is_address(host) || is_name(host)).then_some(Self { host, port })
    }

    /// The host as it was written, an IPv6 address in its brackets.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The port, if it was written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether both name one host and port. The scheme tells the port of an authority without one (RFC 6454 §4).
    pub fn equals(&self, other: &Self, scheme: &str) -> bool {
        let port = |authority: &Self| authority.port.or_else(|| default_port(scheme));
        self.host.eq_ignore_ascii_case(other.host) && port(self) == port(other)
    }

    /// Whether no name server decides what the host resolves to: an address, `localhost`, or a name below it (RFC 6761 §6.3).
    pub fn means_this_machine(&self) -> bool {
        let name = self.host.strip_suffix('.').unwrap_or(self.host);
        let is_ipv4 = || name.parse::<Ipv4Addr>().is_ok();
        is_address(self.host) || is_ipv4() || name.eq_ignore_ascii_case("localhost") || self.is_below("localhost")
    }

    /// Whether the host is a name below this domain.
    pub fn is_below(&self, domain: &str) -> bool {
        let name = self.host.strip_suffix('.').unwrap_or(self.host);
        let Some(at) = name.len().checked_sub(domain.len() + 1) else { return false };
        at > 0 && name.as_bytes()[at] == b'.' && name[at + 1..].eq_ignore_ascii_case(domain)
    }
}

/// The port of a scheme's URLs that name none.
pub fn default_port(scheme: &str) -> Option<u16> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    match () {
        () if is("http") || is("ws") => Some(80),
        () if is("https") || is("wss") => Some(443),
        () => None,
    }
}

/// Whether it is an IPv6 address in brackets.
fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

/// Whether it is a `reg-name` (RFC 3986 §3.2.2), but not the empty one. An IPv4 address is one, too.
fn is_name(host: &str) -> bool {
    let mut parts = host.split('%');
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte));
    let is_escape = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let first = parts.next().is_some_and(is_plain);
    let mut rest = parts.map(|part| part.split_at_checked(2));
    !host.is_empty() && first && rest.all(|part| part.is_some_and(|(digits, text)| is_escape(digits) && is_plain(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Authority<'_> {
        Authority::parse(text).unwrap_or_else(|| panic!("{text:?} is an authority"))
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for (text, host, port) in [
            ("chat.example", "chat.example", None),
            ("chat.example:", "chat.example", None),
            ("ws_backend:13254", "ws_backend", Some(13254)),
            ("192.0.2.1:0080", "192.0.2.1", Some(80)),
            ("[2001:db8::1]", "[2001:db8::1]", None),
            ("[::1]:443", "[::1]", Some(443)),
            ("b%C3%BCcher.example", "b%C3%BCcher.example", None),
        ] {
            assert_eq!(parsed(text), Authority { host, port }, "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_authority() {
        for text in [
            "",
            ":",
            ":80",
            "a b",
            "a\tb",
            "localhost/evil",
            "u@localhost",
            "a:b",
            "a:80:80",
            "a:-1",
            "a:+1",
            "a:65536",
            "::1",
            "[::1",
            "::1]",
            "[::1]80",
            "[]",
            "[a]",
            "[::1%25lo]",
            "a?b",
            "a#b",
            "a\\b",
            "a%2",
            "a%zz",
            "b\u{fc}cher.example",
            "\"a\"",
            "<a>",
            "a^b",
            "http://a",
        ] {
            assert_eq!(Authority::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_default_port_of_the_scheme_counts_as_no_port() {
        let equal = |one: &str, other: &str, scheme: &str| parsed(one).equals(&parsed(other), scheme);
        for (one, other, scheme) in [
            ("chat.example", "CHAT.example", "https"),
            ("chat.example:443", "chat.example", "https"),
            ("chat.example", "chat.example:443", "HTTPS"),
            ("chat.example:80", "chat.example:", "http"),
            ("[::1]:80", "[::1]", "ws"),
            ("a:8443", "a:8443", "https"),
        ] {
            assert!(equal(one, other, scheme), "{one} {other} {scheme}");
        }
        for (one, other, scheme) in [
            ("chat.example:444", "chat.example", "https"),
            ("chat.example:80", "chat.example", "https"),
            ("chat.example:443", "chat.example", "http"),
            ("chat.example:443", "chat.example", "x"),
            ("a:8443", "a:8444", "https"),
            ("a", "b", "https"),
        ] {
            assert!(!equal(one, other, scheme), "{one} {other} {scheme}");
        }
    }

    #[test]
    fn names_below_a_domain_are_not_the_domain() {
        let below = |host: &str| parsed(host).is_below("example.com");
        assert!(below("a.example.com") && below("a.b.EXAMPLE.com:8443") && below("a.example.com."));
        assert!(!below("example.com") && !below("badexample.com") && !below(".example.com") && !below("com"));
    }
}
