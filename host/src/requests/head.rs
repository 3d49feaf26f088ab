//! The status and the headers of an answer, and their rules.

use hyper::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::types::is_of_connection;

/// The most headers of an answer.
const MAX_HEADERS: usize = 64;
/// The most bytes of their names and values.
pub(crate) const MAX_HEAD_BYTES: usize = 16 << 10;

/// The status and the headers of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status code, 200 to 599.
    pub status: u16,
    /// The headers: up to 64 of 16 KiB in all, none of which belongs to the connection.
    pub headers: Vec<(String, String)>,
}

/// A head that follows the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedHead {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

impl Head {
    /// A head without headers.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Checks the rules. No value can end its line, so that nobody writes an answer of their own into it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(crate) fn check(&self) -> Result<CheckedHead, String> {
        let status = StatusCode::from_u16(self.status).ok().filter(|status| (200..600).contains(&status.as_u16()));
        let status = status.ok_or_else(|| format!("the status is {}, not one of 200 to 599", self.status))?;
        let (count, bytes) =
            (self.headers.len(), self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>());
        if count > MAX_HEADERS || bytes > MAX_HEAD_BYTES {
            return Err(format!(
                "there are {count} headers of {bytes} bytes; allowed are {MAX_HEADERS} of {MAX_HEAD_BYTES} bytes"
            ));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("the header name {name:?} is no token"))?;
            if is_of_connection(parsed.as_str()) || parsed == header::DATE {
                return Err(format!("the header {parsed} belongs to the connection: the host sets it itself"));
            }
            let value = HeaderValue::from_bytes(value.as_bytes());
            let value = value.map_err(|_| format!("the value of the header {parsed} has control characters"))?;
            headers.append(parsed, value);
        }
        Ok(CheckedHead { status, headers })
    }
}

impl CheckedHead {
    /// Its size in bytes, as far as a turn counts it.
    pub(crate) fn bytes(&self) -> usize {
        self.headers.iter().map(|(name, value)| size_of_val(&(name, value)) + name.as_str().len() + value.len()).sum()
    }

    /// Whether it begins server-sent events, which have no end of their own.
    pub(crate) fn is_event_stream(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(head: &Head) -> String {
        head.check().expect_err("it breaks a rule")
    }

    #[test]
    fn a_head_keeps_its_headers_in_their_order_and_names_in_any_case() {
        let head = Head::new(201).header("Set-Cookie", "a=1").header("set-cookie", "b=2").header("x-tab", "a\tb \u{e9}");
        let checked = head.check().expect("it is allowed");
        assert_eq!(checked.status.as_u16(), 201);
        let cookies: Vec<_> = checked.headers.get_all("set-cookie").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(cookies, [b"a=1", b"b=2"]);
        assert_eq!(checked.headers["x-tab"].as_bytes(), "a\tb \u{e9}".as_bytes());
    }

    #[test]
    fn a_status_is_one_of_200_to_599() {
        for status in [0, 99, 100, 101, 199, 600, 999, 1000] {
            assert!(refusal(&Head::new(status)).contains("200 to 599"), "{status}");
        }
        assert!([200, 204, 304, 418, 599].into_iter().all(|status| Head::new(status).check().is_ok()));
    }

    #[test]
    fn a_header_cannot_split_the_answer_nor_belong_to_the_connection() {
        for value in ["a\r\nb: c", "a\nb", "a\0", "a\x7f"] {
            assert!(refusal(&Head::new(200).header("x", value)).contains("control characters"), "{value:?}");
        }
        for name in ["", "a b", "a:", "a\r\nb", "\u{e9}"] {
            assert!(refusal(&Head::new(200).header(name, "x")).contains("no token"), "{name:?}");
        }
        for name in ["Content-Length", "transfer-encoding", "Connection", "keep-alive", "upgrade", "Date", "trailer"] {
            assert!(refusal(&Head::new(200).header(name, "1")).contains("belongs to the connection"), "{name}");
        }
    }

    #[test]
    fn headers_are_64_of_16_kib_at_most() {
        let many = |count| (0..count).fold(Head::new(200), |head, _| head.header("a", "b"));
        assert!(many(64).check().is_ok() && refusal(&many(65)).contains("65 headers of 130 bytes"));
        assert!(Head::new(200).header("a", "b".repeat((16 << 10) - 1)).check().is_ok());
        assert!(refusal(&Head::new(200).header("a", "b".repeat(16 << 10))).contains("16385 bytes"));
    }

    #[test]
    fn an_event_stream_is_told_by_its_type() {
        let is = |kind: &str| Head::new(200).header("content-type", kind).check().expect("it is allowed").is_event_stream();
        assert!(is("text/event-stream") && is("Text/Event-Stream; charset=utf-8"));
        assert!(!is("text/plain") && !Head::new(200).check().expect("it is allowed").is_event_stream());
    }
}
