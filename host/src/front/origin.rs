//! The origins whose pages may connect. A browser names the page's origin in every upgrade (RFC 6455 §10.2).

use super::authority::{Authority, default_port};
use crate::error::Error;

/// Decides about origins. Without a list, only the server's own origin is admitted. Otherwise a page of any site could talk
/// to a server on localhost through its visitor's browser.
#[derive(Debug, Clone)]
pub struct OriginPolicy {
    allowed: Vec<String>,
    /// Whether the server can be reached only from its own machine.
    local: bool,
}

impl OriginPolicy {
    /// Admits these origins besides `Host`'s own: an exact one, `*.example.com`, `null` (files, sandboxed frames) or `*`.
    ///
    /// A `local` server's own origin must be `localhost` or an address. Otherwise an attacker's name that resolves to this
    /// machine (DNS rebinding) would pass.
    pub fn new(allowed: Vec<String>, local: bool) -> Self {
        Self { allowed, local }
    }

    /// The same server, with other origins.
    #[must_use]
    pub fn with(&self, allowed: Vec<String>) -> Self {
        Self { allowed, local: self.local }
    }

    /// Refuses a text that no browser's origin can equal.
    ///
    /// # Errors
    /// The first such text, with the origin that was probably meant.
    pub fn check(allowed: &[String]) -> Result<(), Error> {
        let refuse =
            |origin: &String| Error::Origin { origin: origin.clone(), hint: meant(origin).filter(|hint| is_pattern(hint)) };
        allowed.iter().find(|origin| !is_pattern(origin)).map_or(Ok(()), |origin| Err(refuse(origin)))
    }

    /// Whether a request with this `Origin` may connect to this `Host`. A client without an origin is not a browser's page.
    ///
    /// The origin's scheme tells the default port for both: a server behind a proxy does not know its own. So pages of `http://`
    /// and `https://` pass alike when both have the port of the `Host`, or leave it out.
    pub fn admits(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let page = Page::parse(origin);
        if let (Some(page), Some(host)) = (page, host.and_then(Authority::parse))
            && page.authority.equals(&host, page.scheme)
            && (!self.local || host.means_this_machine())
        {
            return true;
        }
        self.allowed.iter().any(|allowed| match allowed.strip_prefix("*.") {
            _ if allowed == "*" => true,
            Some(domain) => page.is_some_and(|page| page.authority.is_below(domain)),
            None => match (Page::parse(allowed), page) {
                (Some(allowed), Some(page)) => allowed.equals(&page),
                _ => allowed.eq_ignore_ascii_case(origin),
            },
        })
    }
}

/// The scheme, host and port of a page: its origin (RFC 6454 §4).
#[derive(Debug, Clone, Copy)]
struct Page<'a> {
    scheme: &'a str,
    authority: Authority<'a>,
}

impl<'a> Page<'a> {
    fn parse(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        Some(Self { scheme, authority: Authority::parse(authority)? })
    }

    fn equals(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme) && self.authority.equals(&other.authority, self.scheme)
    }
}

/// Whether it is `*`, `null`, `*.example.com` or an origin as browsers write it (RFC 6454 §6.2): no path, no default port.
fn is_pattern(text: &str) -> bool {
    let is_authority = |text: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        Authority::parse(text).is_some() && !text.starts_with('.') && !text.ends_with([':', '.']) && text.bytes().all(is_part)
    };
    match (text.strip_prefix("*."), text.split_once("://")) {
        _ if text == "*" || text == "null" => true,
        (Some(domain), _) => is_authority(domain) && !domain.contains(':'),
        (None, Some(("ws" | "wss", _))) => false,
        (None, Some((scheme, authority))) => {
            let is_scheme =
                !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
            is_scheme && is_authority(authority) && default_suffix(scheme).is_none_or(|port| !authority.ends_with(&port))
        }
        (None, None) => false,
    }
}

/// The default port of a scheme as a browser leaves it out of an origin, with its colon.
fn default_suffix(scheme: &str) -> Option<String> {
    default_port(scheme).map(|port| format!(":{port}"))
}

/// The origin that is probably meant by an address, a URL or a part of an origin.
fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some(("ws", rest)) => (Some("http"), rest),
        Some(("wss", rest)) => (Some("https"), rest),
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let domain = authority.strip_prefix("*.").or_else(|| authority.strip_prefix('.').filter(|_| scheme.is_none()));
    if let Some(domain) = domain {
        return Some(format!("*.{}", domain.split(':').next()?));
    }
    let is_local = Authority::parse(authority).is_some_and(|authority| authority.means_this_machine());
    let scheme = scheme.unwrap_or(if is_local { "http" } else { "https" });
    let authority = default_suffix(scheme).and_then(|port| authority.strip_suffix(&port)).unwrap_or(authority);
    Some(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(allowed: &[&str], origin: &str) -> bool {
        let policy = OriginPolicy::new(allowed.iter().map(ToString::to_string).collect(), true);
        policy.admits(Some(origin), Some("localhost:13254"))
    }

    #[test]
    fn a_page_of_this_server_may_connect() {
        assert!(admits(&[], "http://localhost:13254"));
        assert!(admits(&[], "https://LOCALHOST:13254"));
    }

    #[test]
    fn a_page_of_another_site_port_or_file_may_not() {
        for origin in
            ["http://evil.example", "http://localhost:1", "http://localhost", "null", "http://localhost:13254.evil.example"]
        {
            assert!(!admits(&[], origin), "{origin}");
        }
    }

    #[test]
    fn a_name_that_resolves_to_this_machine_is_not_its_own_origin() {
        let admits = |local, host: &str| OriginPolicy::new(Vec::new(), local).admits(Some(&format!("http://{host}")), Some(host));
        assert!(!admits(true, "evil.example:13254"));
        assert!(admits(false, "chat.example:13254"), "a server on the network has a name");
        for own in ["localhost", "localhost:1", "app.localhost:1", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:1"] {
            assert!(admits(true, own), "{own}");
        }
    }

    #[test]
    fn the_port_that_a_scheme_leaves_out_may_be_named_on_either_side() {
        let admits = |origin: &str, host: &str| OriginPolicy::new(Vec::new(), false).admits(Some(origin), Some(host));
        assert!(admits("https://chat.example", "chat.example:443"));
        assert!(admits("https://chat.example:443", "chat.example"));
        assert!(admits("http://chat.example", "chat.example:80"));
        assert!(admits("http://[::1]", "[::1]:80"));
        for (origin, host) in [
            ("https://chat.example", "chat.example:444"),
            ("https://chat.example", "chat.example:80"),
            ("http://chat.example", "chat.example:443"),
            ("https://chat.example:444", "chat.example"),
            ("https://chat.example:444", "chat.example:443"),
        ] {
            assert!(!admits(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn a_listed_origin_may_be_sent_with_its_default_port() {
        assert!(admits(&["https://app.example"], "https://app.example:443"));
        assert!(admits(&["HTTPS://App.example"], "https://app.example"));
        assert!(!admits(&["https://app.example"], "https://app.example:80"));
        assert!(!admits(&["https://app.example"], "https://app.example:444"));
        assert!(admits(&["chrome-extension://abc"], "chrome-extension://abc"));
    }

    #[test]
    fn a_client_without_an_origin_may_connect() {
        assert!(OriginPolicy::new(Vec::new(), true).admits(None, Some("localhost")));
    }

    #[test]
    fn listed_origins_may_connect() {
        assert!(admits(&["https://app.example"], "https://app.example"));
        assert!(!admits(&["https://app.example"], "http://app.example"));
        assert!(admits(&["null"], "null"));
        assert!(admits(&["*"], "https://whoever.example"));
    }

    #[test]
    fn every_form_of_a_browsers_origin_can_be_admitted() {
        for origin in [
            "*",
            "null",
            "*.example.com",
            "https://app.example",
            "http://localhost:3000",
            "http://[::1]:8000",
            "chrome-extension://abc",
        ] {
            assert!(OriginPolicy::check(&[origin.to_owned()]).is_ok(), "{origin}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_origin_that_was_meant() {
        let hints = [
            ("app.example", "https://app.example"),
            ("app.example:8443", "https://app.example:8443"),
            ("localhost:3000", "http://localhost:3000"),
            ("https://app.example/", "https://app.example"),
            ("https://app.example/chat?a=1", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("wss://app.example", "https://app.example"),
            ("https://*.example.com", "*.example.com"),
            ("*.example.com:8443", "*.example.com"),
            (".example.com", "*.example.com"),
            ("*.example.com/", "*.example.com"),
            (" https://app.example", "https://app.example"),
        ];
        for (wrong, hint) in hints {
            let line = OriginPolicy::check(&[wrong.to_owned()]).expect_err(wrong).to_string();
            assert!(line.contains(&format!("did you mean {hint}?")), "{wrong}: {line}");
        }
        for hopeless in ["", "://", "https://", "*.", "**", "https://bücher.example", "https://a b"] {
            let line = OriginPolicy::check(&[hopeless.to_owned()]).expect_err(hopeless).to_string();
            assert!(line.contains("is no origin. Write https://app.example") && !line.contains("did you"), "{line}");
        }
    }

    #[test]
    fn a_wildcard_covers_subdomains_only() {
        assert!(admits(&["*.example.com"], "https://a.example.com"));
        assert!(admits(&["*.example.com"], "https://a.b.example.com:8443"));
        assert!(!admits(&["*.example.com"], "https://example.com"));
        assert!(!admits(&["*.example.com"], "https://badexample.com"));
        assert!(!admits(&["*.example.com"], "https://é.example.org"));
    }
}
