//! The script that a development server adds to pages. It loads a page anew when its files have changed, and shows notices.

use std::fmt::Display;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Limited};
use hyper::http::response::Parts;
use hyper::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::front::endpoints::{Answer, Asked, Body, Endpoint};
use crate::front::notice::Notice;
use crate::front::reply::{self, Reply, text};
use crate::front::reply_body::ReplyBody;
use crate::front::upgrade::Refusal;

/// A file of its own, so that a page may forbid inline scripts.
const SCRIPT: &str = include_str!("live.js");
/// The path of the script, beside the one of the notice.
const SCRIPT_PATH: &str = "/-/live.js";
/// The largest page that gets the script.
const MAX_PAGE_BYTES: u64 = 8 << 20;

/// Adds the script to pages.
#[derive(Debug)]
pub struct Live(Notice);

impl Live {
    /// The script shows this notice.
    pub fn new(notice: Notice) -> Self {
        Self(notice)
    }

    /// Whether the reply is a page that gets the script.
    pub fn changes(&self, head: &Parts) -> bool {
        let kind = head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        head.status == StatusCode::OK
            && kind.starts_with(b"text/html")
            && length(&head.headers).is_some_and(|bytes| bytes <= MAX_PAGE_BYTES)
    }

    /// The page with the script. Its version is the one before the page was read, so a change meanwhile is not missed.
    pub async fn page<B>(&self, mut head: Parts, body: B) -> Reply
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Display + Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        for name in [header::CONTENT_LENGTH, header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES] {
            head.headers.remove(name);
        }
        if body.is_end_stream() {
            return Reply::from_parts(head, ReplyBody::default());
        }
        let version = self.0.pages();
        let most = usize::try_from(MAX_PAGE_BYTES).unwrap_or(usize::MAX);
        match Limited::new(body, most).collect().await {
            Ok(page) => Reply::from_parts(head, with_script(&page.to_bytes(), version).into()),
            Err(error) => {
                reply::refusal(&Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be read: {error}")))
            }
        }
    }
}

/// The length that a reply tells.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Puts the script at the end of the page, so that nothing before it is changed.
fn with_script(page: &[u8], version: u64) -> Bytes {
    let script = format!("<script src=\"{SCRIPT_PATH}?{version}\" async></script>");
    let is_end = |part: &[u8]| part.eq_ignore_ascii_case(b"</body");
    let end = page.windows(b"</body".len()).rposition(is_end).unwrap_or(page.len());
    let mut changed = BytesMut::with_capacity(page.len() + script.len());
    changed.extend_from_slice(&page[..end]);
    changed.extend_from_slice(script.as_bytes());
    changed.extend_from_slice(&page[end..]);
    changed.freeze()
}

/// The endpoint of the script.
#[derive(Debug)]
pub struct LiveScript;

impl Endpoint for LiveScript {
    fn answer<'a>(&'a self, asked: Asked<'a>, _body: &'a mut Body) -> Answer<'a> {
        let is_asked = asked.parts.method == Method::GET && asked.parts.uri.path() == SCRIPT_PATH;
        Box::pin(std::future::ready(is_asked.then(|| {
            let mut reply = text(StatusCode::OK, SCRIPT);
            let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
            reply.headers_mut().insert(header::CONTENT_TYPE, kind);
            reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            reply
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_stands_at_the_end_of_the_body_and_changes_nothing_before_it() {
        let script = "<script src=\"/-/live.js?7\" async></script>";
        for (page, changed) in [
            ("<!doctype html><body>x</body></html>", format!("<!doctype html><body>x{script}</body></html>")),
            ("<BODY>a</body>b</BODY >", format!("<BODY>a</body>b{script}</BODY >")),
            ("no body", format!("no body{script}")),
            ("", script.to_owned()),
        ] {
            assert_eq!(with_script(page.as_bytes(), 7), changed);
        }
    }
}
