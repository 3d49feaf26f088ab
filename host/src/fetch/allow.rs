//! The servers that apps may ask, as the host's owner lists them.

use std::fmt;

use super::target::{Host, Target};

/// A list of servers. The empty one allows none.
#[derive(Debug, Clone, Default)]
pub(super) struct AllowList {
    rules: Vec<Rule>,
}

/// Some servers, with the text that names them.
#[derive(Debug, Clone)]
struct Rule {
    text: String,
    hosts: Hosts,
    /// A port, or all of them.
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    /// The names that end with this one, which begins with a dot.
    Below(String),
    One(Host),
}

impl AllowList {
    /// Parses the owner's texts: `example.com`, `example.com:8080`, `*.example.com`, an address, or `*`. A text without a port
    /// allows each port.
    ///
    /// # Errors
    /// The first text that names no server.
    pub(super) fn parse(texts: &[String]) -> Result<Self, String> {
        let rules = texts.iter().map(|text| Rule::parse(text).ok_or_else(|| text.clone()));
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }

    /// Whether requests may go to this server.
    pub(super) fn allows(&self, target: &Target) -> bool {
        self.rules.iter().any(|rule| rule.allows(target))
    }
}

/// The list in words, as the end of a sentence.
impl fmt::Display for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 8;
        if self.rules.is_empty() {
            return f.write_str("it allows none");
        }
        let texts: Vec<_> = self.rules.iter().take(MOST).map(|rule| rule.text.as_str()).collect();
        let more = if self.rules.len() > MOST { " and others" } else { "" };
        write!(f, "it allows {}{more}", texts.join(", "))
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (hosts, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address stand in brackets.
            Some((hosts, port)) if !port.ends_with(']') => {
                let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
                (hosts, Some(port.parse().ok().filter(|port| is_number && *port > 0)?))
            }
            _ => (text, None),
        };
        let hosts = match hosts.strip_prefix("*.") {
            _ if hosts == "*" => Hosts::All,
            Some(domain) => match Host::parse(domain).ok()? {
                Host::Name(name) => Hosts::Below(format!(".{name}")),
                Host::Address(_) => return None,
            },
            None => Hosts::One(Host::parse(hosts).ok()?),
        };
        Some(Self { text: text.to_owned(), hosts, port })
    }

    fn allows(&self, target: &Target) -> bool {
        let is_host = match (&self.hosts, &target.host) {
            (Hosts::All, _) => true,
            (Hosts::Below(domain), Host::Name(name)) => name.ends_with(domain.as_str()),
            (Hosts::Below(_), Host::Address(_)) => false,
            (Hosts::One(Host::Address(allowed)), Host::Address(address)) => allowed.to_canonical() == address.to_canonical(),
            (Hosts::One(allowed), host) => allowed == host,
        };
        is_host && self.port.is_none_or(|port| port == target.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &str, host: &str, port: u16) -> bool {
        let list = AllowList::parse(&[rule.to_owned()]).expect("a rule");
        list.allows(&Target { is_https: true, host: Host::parse(host).expect("a host"), is_absolute: false, port })
    }

    #[test]
    fn a_name_allows_that_server_at_each_port_or_at_one() {
        assert!(allows("api.example.com", "api.example.com", 443) && allows("API.example.com", "api.example.com.", 8080));
        assert!(allows("api.example.com:443", "api.example.com", 443) && !allows("api.example.com:443", "api.example.com", 80));
        assert!(!allows("example.com", "api.example.com", 443) && !allows("example.com", "badexample.com", 443));
    }

    #[test]
    fn a_star_allows_the_names_below_a_domain_or_everything() {
        assert!(allows("*.example.com", "a.b.example.com", 443) && allows("*.example.com:80", "a.example.com", 80));
        assert!(!allows("*.example.com", "example.com", 443) && !allows("*.example.com", "badexample.com", 443));
        assert!(allows("*", "10.0.0.1", 1) && allows("*:443", "example.com", 443) && !allows("*:443", "example.com", 80));
    }

    #[test]
    fn an_address_allows_itself_in_each_form() {
        assert!(allows("[::1]:80", "[::1]", 80) && allows("[::1]", "[0::1]", 1) && !allows("[::1]:80", "[::1]", 81));
        assert!(allows("127.0.0.1", "[::ffff:127.0.0.1]", 80));
        assert!(!allows("127.0.0.1", "localhost", 80) && !allows("localhost", "127.0.0.1", 80));
    }

    #[test]
    fn other_texts_are_no_rule() {
        for text in [
            "",
            "*.",
            "**",
            "*example.com",
            "https://example.com",
            "example.com/",
            "a:0",
            "a:65536",
            "a:+1",
            "a:",
            "::1",
            "*.1.2.3.4",
            "2130706433",
        ] {
            assert_eq!(AllowList::parse(&[text.to_owned()]).err().as_deref(), Some(text));
        }
    }

    #[test]
    fn a_list_says_what_it_allows() {
        let list = |texts: &[&str]| {
            AllowList::parse(&texts.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("a list").to_string()
        };
        assert_eq!(list(&[]), "it allows none");
        assert_eq!(list(&["a.example", "*.b.example:80"]), "it allows a.example, *.b.example:80");
        assert_eq!(list(&["a"; 9]), "it allows a, a, a, a, a, a, a, a and others");
    }
}
