//! The chat page.

use bytes::Bytes;
use hyper::Response;
use hyper::http::HeaderMap;

use super::endpoints::{Answer, Asked, Body, Endpoint, is_read};
use super::html::page_headers;
use super::notice::Notice;
use super::notice_endpoint::NOTICE_PATH;
use super::reply::Reply;

/// One file without dependencies.
const PAGE: &str = include_str!("../../client.html");

/// The endpoint of the chat page, at `/`.
#[derive(Debug)]
pub struct Page {
    html: Bytes,
    headers: HeaderMap,
}

impl Page {
    /// The page. With a notice, it asks for the notice and shows it.
    pub fn new(notice: Option<&Notice>) -> Self {
        let html = match notice {
            None => Bytes::from_static(PAGE.as_bytes()),
            Some(notice) => {
                let asks = format!("<html data-notice=\"{NOTICE_PATH}\" data-notice-seconds=\"{}\"", notice.seconds());
                Bytes::from(PAGE.replacen("<html", &asks, 1))
            }
        };
        Self { html, headers: page_headers(PAGE, "'self' ws: wss:") }
    }

    fn html(&self) -> Reply {
        let mut reply = Response::new(self.html.clone().into());
        reply.headers_mut().extend(self.headers.clone());
        reply
    }
}

impl Endpoint for Page {
    fn answer<'a>(&'a self, asked: Asked<'a>, _body: &'a mut Body) -> Answer<'a> {
        let is_asked = is_read(&asked.parts.method) && asked.parts.uri.path() == "/";
        Box::pin(std::future::ready(is_asked.then(|| self.html())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_has_a_path_that_the_page_names() {
        let html = |notice: Option<Notice>| String::from_utf8_lossy(&Page::new(notice.as_ref()).html).into_owned();
        assert!(html(Some(Notice::for_strangers())).contains("<html data-notice=\"/-/notice\" data-notice-seconds=\"10\" lang="));
        assert!(html(Some(Notice::default())).contains("data-notice-seconds=\"1\"") && !html(None).contains("<html data-notice"));
    }
}
