//! A request to an HTTP server: as an app asks for it, and checked.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};

use super::memory::Part;
use super::spans;
use super::target::{Host, Target};
use crate::trace::{Span, Trace};
use crate::types::is_of_connection;

/// The headers that the host makes of other parts of the request, or that ask for what its client does not do.
const OWN_HEADERS: [&str; 2] = ["expect", "host"];
/// The `user-agent` of an app that sets none: some servers refuse requests without one.
pub(super) const AGENT: &str = concat!("ws-host/", env!("CARGO_PKG_VERSION"));

/// A request to an HTTP server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchRequest {
    /// The method, in upper case.
    pub method: String,
    /// The absolute URL, `http` or `https`.
    pub url: String,
    /// The headers, without those of the connection.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Bytes>,
    /// Whether the body of the answer comes in pieces, as it arrives.
    pub stream: bool,
    /// The most time for the answer. The server's own limit holds in any case.
    pub timeout: Option<Duration>,
}

/// A request that follows the rules of HTTP.
#[derive(Debug)]
pub struct Request {
    pub(super) target: Target,
    pub(super) stream: bool,
    pub(super) timeout: Option<Duration>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    /// The span of the handler that sends it.
    trace: Trace,
    /// Its part of the memory of all bodies.
    pub(super) memory: Option<Part>,
}

impl FetchRequest {
    /// The size of its URL and headers in bytes.
    pub(super) fn head_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        self.method.len() + self.url.len() + headers
    }
}

impl Request {
    /// Checks a request.
    ///
    /// # Errors
    /// The mistake, in one line.
    pub(super) fn new(request: FetchRequest) -> Result<Self, String> {
        let method = method(&request.method)?;
        let (target, uri) = parse(&request.url)?;
        let headers = headers(&request.headers)?;
        let FetchRequest { body, stream, timeout, .. } = request;
        Ok(Self { target, stream, timeout, method, uri, headers, body: body.unwrap_or_default(), trace: None, memory: None })
    }

    /// A handler sends it that runs in this span.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    /// Begins the span of the request.
    pub(super) fn begin_span(&self) -> Option<Box<Span>> {
        Some(Box::new(spans::begin(self.trace.as_ref()?, &self.method, &self.uri)))
    }

    /// The memory that it takes while it waits, about.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        self.body.len() + headers + size_of::<Self>()
    }

    /// The request as the client sends it.
    pub(super) fn to_http(&self, span: Option<&Span>) -> hyper::Request<Full<Bytes>> {
        let mut request = hyper::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(span) = span {
            span.tell(request.headers_mut());
        }
        request
    }
}

impl Target {
    /// The server of a URL.
    ///
    /// # Errors
    /// The mistake, as the rest of a sentence.
    pub(super) fn of(uri: &Uri) -> Result<Self, String> {
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err("has another scheme than http and https".to_owned()),
            None => return Err("is not absolute: it begins with http:// or https://".to_owned()),
        };
        let authority = uri.authority().ok_or("has no host")?;
        if authority.as_str().contains('@') {
            return Err("has a user name or a password; send them in a header".to_owned());
        }
        let host = Host::parse(authority.host()).map_err(|why| format!("has a host that {why}"))?;
        let is_absolute = matches!(host, Host::Name(_)) && authority.host().ends_with('.');
        let port = match &authority.as_str()[authority.host().len()..] {
            "" | ":" => {
                if is_https {
                    443
                } else {
                    80
                }
            }
            port => port[1..].parse().ok().filter(|port| *port > 0).ok_or("has a port that is no number from 1 to 65535")?,
        };
        Ok(Self { is_https, host, is_absolute, port })
    }
}

/// The method of this name.
pub(super) fn method(text: &str) -> Result<Method, String> {
    let invalid = |why: &str| Err(format!("the method {text:?} {why}"));
    match Method::from_bytes(text.as_bytes()) {
        Err(_) => invalid("is no token (RFC 9110 §9.1)"),
        Ok(_) if text.bytes().any(|byte| byte.is_ascii_lowercase()) => invalid("is not in upper case"),
        Ok(Method::CONNECT | Method::TRACE) => invalid("is not for apps"),
        Ok(method) => Ok(method),
    }
}

/// The server of a URL, and the URL in the one form that the client gets.
pub(super) fn parse(url: &str) -> Result<(Target, Uri), String> {
    let invalid = |why: &str| format!("the URL {:?} {why}", shortened(url));
    let uri: Uri = url.parse().map_err(|error| invalid(&format!("is invalid: {error}")))?;
    let target = Target::of(&uri).map_err(|why| invalid(&why))?;
    let scheme = if target.is_https { "https" } else { "http" };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let slash = if path.starts_with('/') { "" } else { "/" };
    let uri = format!("{scheme}://{}{slash}{path}", target.authority())
        .parse()
        .map_err(|error| invalid(&format!("is invalid: {error}")))?;
    Ok((target, uri))
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let known = HeaderName::from_bytes(name.as_bytes());
        let known = known.map_err(|_| format!("the header name {:?} is no token (RFC 9110 §5.1)", shortened(name)))?;
        if OWN_HEADERS.contains(&known.as_str()) || is_of_connection(known.as_str()) {
            return Err(format!("the header {known} belongs to the host, which sets it itself"));
        }
        let value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| value.is_ascii())
            .ok_or_else(|| format!("the header {known} has a value with other characters than visible ASCII, spaces and tabs"))?;
        headers.append(known, value);
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(headers)
}

/// The beginning of a text that is too long for a line.
fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> FetchRequest {
        FetchRequest { method: "GET".into(), url: url.into(), ..FetchRequest::default() }
    }

    fn sent(url: &str) -> Result<String, String> {
        Request::new(request(url)).map(|request| request.to_http(None).uri().to_string())
    }

    fn refusal(change: impl FnOnce(&mut FetchRequest)) -> String {
        let mut request = request("http://example.com/");
        change(&mut request);
        Request::new(request).err().unwrap_or_default()
    }

    #[test]
    fn a_url_is_sent_in_one_form() {
        for (url, expected) in [
            ("http://Example.com", "http://example.com/"),
            ("HTTPS://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
            ("https://example.com.:443/", "https://example.com./"),
            ("https://127.0.0.1.:1/", "https://127.0.0.1:1/"),
            ("http://example.com:443/", "http://example.com:443/"),
            ("http://example.com:?q", "http://example.com/?q"),
            ("http://[0:0::1]:8080/%20", "http://[::1]:8080/%20"),
        ] {
            assert_eq!(sent(url), Ok(expected.to_owned()), "{url}");
        }
    }

    #[test]
    fn another_url_is_invalid_and_the_error_says_why() {
        for (url, why) in [
            ("/a", "is not absolute"),
            ("example.com", "is not absolute"),
            ("ftp://example.com/", "another scheme"),
            ("http://a:b@example.com/", "a user name"),
            ("http://@example.com/", "a user name"),
            ("http://2130706433/", "no IPv4 address"),
            ("http://0177.0.0.1/", "no IPv4 address"),
            ("http://example.com:0/", "a port that"),
            ("http://example.com:99999/", "a port that"),
            ("http://a b/", "is invalid"),
            ("http:///a", "is invalid"),
            ("http://example.com/\n", "is invalid"),
            ("", "is invalid"),
        ] {
            let error = sent(url).expect_err(url);
            assert!(error.contains(why) && !error.contains('\n'), "{url}: {error}");
        }
    }

    #[test]
    fn methods_and_headers_that_are_not_for_apps_are_invalid() {
        assert!(refusal(|request| request.method = "get".into()).contains("upper case"));
        assert!(refusal(|request| request.method = "A B".into()).contains("no token"));
        assert!(refusal(|request| request.method = "CONNECT".into()).contains("not for apps"));
        for name in OWN_HEADERS {
            assert!(
                refusal(|request| request.headers = vec![(name.to_uppercase(), "x".into())]).contains("sets it itself"),
                "{name}"
            );
        }
        assert!(refusal(|request| request.headers = vec![("a b".into(), "x".into())]).contains("no token"));
        for value in ["a\r\nb: c", "\0", "\u{fc}"] {
            assert!(refusal(|request| request.headers = vec![("a".into(), value.into())]).contains("other characters"));
        }
    }

    #[test]
    fn a_request_has_a_user_agent_in_any_case() {
        let agents = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            let request = Request::new(FetchRequest { headers, ..request("http://a/") }).expect("it is valid").to_http(None);
            request.headers().get_all(USER_AGENT).iter().map(|value| value.to_str().unwrap_or("?").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(agents(&[]), [AGENT]);
        assert_eq!(agents(&[("User-Agent", "mine")]), ["mine"]);
    }
}
