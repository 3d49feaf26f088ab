//! Arbitrary offers of extensions.

use hyper::http::header::SEC_WEBSOCKET_EXTENSIONS;
use hyper::http::{HeaderMap, HeaderValue};

use crate::config::Compression;
use crate::front::extensions::negotiate;

/// Each line of an input is a value of the header.
///
/// # Panics
/// If the agreement is not allowed, or if a client cannot read the answer.
pub fn extension_negotiation(data: &[u8]) {
    let values: Vec<_> = data.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let headers = headers(&values);
    assert_eq!(negotiate(&headers, Compression::Off), None);
    for compression in [Compression::Shared, Compression::Dedicated] {
        let agreed = negotiate(&headers, compression);
        if !data.contains(&b'"') {
            assert_eq!(negotiate(&joined(&values), compression), agreed, "one list may come in several lines (RFC 9110 §5.3)");
        }
        let Some((agreement, answer)) = agreed else { continue };
        assert!((9..=15).contains(&agreement.server_window));
        let is_dedicated = compression == Compression::Dedicated;
        assert!(is_dedicated || !agreement.server_takeover && !agreement.client_takeover);
        let value = HeaderValue::from_str(&answer).expect("the answer is a header's value");
        let parts: Vec<_> = answer.split("; ").collect();
        assert_eq!(parts[0], "permessage-deflate");
        assert_eq!(parts.contains(&"server_no_context_takeover"), !agreement.server_takeover);
        assert_eq!(parts.contains(&"client_no_context_takeover"), !agreement.client_takeover);
        // The answer, taken as an offer, is agreed on unchanged: it has no unknown and no repeated parameter.
        let again = negotiate(&self::headers(&[value]), compression);
        assert_eq!(again, Some((agreement, answer)));
    }
}

fn headers(values: &[HeaderValue]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(SEC_WEBSOCKET_EXTENSIONS, value.clone());
    }
    headers
}

/// The same as one list. Lines that are not text are ignored.
fn joined(values: &[HeaderValue]) -> HeaderMap {
    let lines: Vec<_> = values.iter().filter_map(|value| value.to_str().ok()).collect();
    headers(&[HeaderValue::from_str(&lines.join(", ")).expect("lines of text are a line of text")])
}
