//! A page that the host has with it, and the headers that keep others from framing it and strangers' text from running on it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// The headers of a page with one inline script (a module) and one inline style, which may connect to these sources.
///
/// Its own script and style run, and no page may frame it. The page itself has a policy for the time that it is opened from disk, which can neither
/// forbid frames nor know its hashes.
pub fn page_headers(page: &str, connects_to: &str) -> HeaderMap {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; connect-src {connects_to}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(between(page, "<script type=\"module\">", "</script>")),
        hash(between(page, "<style>", "</style>"))
    );
    let policy = HeaderValue::from_str(&policy).expect("a hash in base64 is ASCII");
    let fixed = HeaderValue::from_static;
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, fixed("no-cache")),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::CONTENT_SECURITY_POLICY, policy),
        // For browsers that do not know frame-ancestors.
        (header::X_FRAME_OPTIONS, fixed("DENY")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
    ])
}

/// The source expression for an inline element with this text (CSP Level 3, §2.3.1).
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// The page's text from one tag to another.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = page.split_once(begin).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(text, _)| text)
}
