//! The chat page, and the notice that it shows under a development server.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::http::{HeaderValue, Method, StatusCode, header};

use super::reply::{Reply, text};

/// One file without dependencies.
const PAGE: &str = include_str!("../../client.html");
/// Where the page asks for the notice. No room of the pattern `/{room}` is called so by accident.
const NOTICE_PATH: &str = "/-/notice";

/// A text for everybody who has the page open. A clone shares it.
#[derive(Debug, Clone, Default)]
pub struct Notice(Arc<Mutex<String>>);

impl Notice {
    /// Replaces the text; an empty one is none.
    pub fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What requests that are no upgrades are answered with.
#[derive(Debug)]
pub struct Page {
    html: Option<Bytes>,
    notice: Option<Notice>,
}

impl Page {
    /// The page, if it is `shown`. With a notice, the page is told to ask for it.
    pub fn new(shown: bool, notice: Option<Notice>) -> Self {
        let html = shown.then(|| match &notice {
            None => Bytes::from_static(PAGE.as_bytes()),
            Some(_) => Bytes::from(PAGE.replacen("<html", &format!("<html data-notice=\"{NOTICE_PATH}\""), 1)),
        });
        Self { html, notice }
    }

    /// Answers a request that is no upgrade.
    pub fn answer(&self, method: &Method, path: &str) -> Reply {
        if method != Method::GET && method != Method::HEAD {
            let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
            reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return reply;
        }
        match (path, &self.html, &self.notice) {
            ("/", Some(html), _) => page(html.clone()),
            (NOTICE_PATH, Some(_), Some(notice)) => text(StatusCode::OK, &notice.get()),
            _ => text(StatusCode::NOT_FOUND, "nothing is here; this is a WebSocket server"),
        }
    }
}

fn page(html: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(html));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}
