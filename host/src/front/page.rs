//! The chat page, and the notice that it shows under a development server.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::http::{HeaderValue, StatusCode, header, request::Parts};

use super::endpoints::{Answer, Body, Endpoint, is_read};
use super::reply::{Reply, text};

/// One file without dependencies.
const PAGE: &str = include_str!("../../client.html");
/// Where the page asks for the notice. No room of the pattern `/{room}` has this path: the path has two segments.
const NOTICE_PATH: &str = "/-/notice";

/// A text for everybody who has the page open. A clone shares it.
#[derive(Debug, Clone, Default)]
pub struct Notice(Arc<Mutex<String>>);

impl Notice {
    /// Replaces the text. An empty text removes the notice.
    pub fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The endpoint of the chat page, at `/`.
#[derive(Debug)]
pub struct Page {
    html: Bytes,
    notice: Option<Notice>,
}

impl Page {
    /// The page. With a notice, it asks for the notice and shows it.
    pub fn new(notice: Option<Notice>) -> Self {
        let html = match &notice {
            None => Bytes::from_static(PAGE.as_bytes()),
            Some(_) => Bytes::from(PAGE.replacen("<html", &format!("<html data-notice=\"{NOTICE_PATH}\""), 1)),
        };
        Self { html, notice }
    }

    fn reply(&self, path: &str) -> Option<Reply> {
        match (path, &self.notice) {
            ("/", _) => Some(html(self.html.clone())),
            (NOTICE_PATH, Some(notice)) => Some(text(StatusCode::OK, &notice.get())),
            _ => None,
        }
    }
}

impl Endpoint for Page {
    fn answer<'a>(&'a self, request: &'a Parts, _body: &'a mut Body) -> Answer<'a> {
        let reply = if is_read(&request.method) { self.reply(request.uri.path()) } else { None };
        Box::pin(std::future::ready(reply))
    }
}

fn html(page: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(page));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notice_has_a_path_under_a_development_server_alone() {
        let notice = Notice::default();
        notice.set("The build failed".into());
        assert!(Page::new(None).reply(NOTICE_PATH).is_none());
        assert!(Page::new(Some(notice.clone())).reply(NOTICE_PATH).is_some());
        assert!(Page::new(Some(notice)).reply("/other").is_none());
    }
}
