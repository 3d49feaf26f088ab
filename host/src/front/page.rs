//! The chat page, and where it asks for the notice.

use bytes::Bytes;
use hyper::Response;
use hyper::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::authority::Authority;
use super::endpoints::{Answer, Asked, Body, Endpoint, is_read};
use super::html::page_headers;
use super::notice::Notice;
use super::reply::{Reply, text};

/// One file without dependencies.
const PAGE: &str = include_str!("../../client.html");
/// Where the page asks for the notice. No room of the pattern `/{room}` has this path: the path has two segments.
const NOTICE_PATH: &str = "/-/notice";

/// The endpoint of the chat page, at `/`.
#[derive(Debug)]
pub struct Page {
    html: Bytes,
    headers: HeaderMap,
    notice: Option<Notice>,
    /// Whether the server can be reached only from its own machine.
    local: bool,
}

impl Page {
    /// The page. With a notice, it asks for the notice and shows it.
    ///
    /// A `local` server shows it to pages of this machine alone. A page of any site could otherwise read the source code in a
    /// build's errors, by a name that resolves to its visitor's machine (DNS rebinding).
    pub fn new(notice: Option<Notice>, local: bool) -> Self {
        let html = match &notice {
            None => Bytes::from_static(PAGE.as_bytes()),
            Some(notice) => {
                let asks = format!("<html data-notice=\"{NOTICE_PATH}\" data-notice-seconds=\"{}\"", notice.seconds());
                Bytes::from(PAGE.replacen("<html", &asks, 1))
            }
        };
        Self { html, headers: page_headers(PAGE, "'self' ws: wss:"), notice, local }
    }

    fn reply(&self, path: &str, host: Option<&str>) -> Option<Reply> {
        match (path, &self.notice) {
            ("/", _) => Some(self.html()),
            (NOTICE_PATH, Some(_)) if self.local && !means_this_machine(host) => Some(text(StatusCode::OK, "{}")),
            (NOTICE_PATH, Some(notice)) => {
                let mut reply = text(StatusCode::OK, &notice.get());
                reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Some(reply)
            }
            _ => None,
        }
    }

    fn html(&self) -> Reply {
        let mut reply = Response::new(self.html.clone().into());
        reply.headers_mut().extend(self.headers.clone());
        reply
    }
}

impl Endpoint for Page {
    fn answer<'a>(&'a self, asked: Asked<'a>, _body: &'a mut Body) -> Answer<'a> {
        let request = asked.parts;
        let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let reply = if is_read(&request.method) { self.reply(request.uri.path(), host) } else { None };
        Box::pin(std::future::ready(reply))
    }
}

fn means_this_machine(host: Option<&str>) -> bool {
    host.and_then(Authority::parse).is_some_and(|host| host.means_this_machine())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn notice() -> Notice {
        let notice = Notice::default();
        notice.set("The build failed".into());
        notice
    }

    #[test]
    fn a_notice_has_a_path_that_the_page_names() {
        assert!(Page::new(None, false).reply(NOTICE_PATH, None).is_none());
        let html = |notice| String::from_utf8_lossy(&Page::new(notice, false).html).into_owned();
        assert!(html(Some(Notice::for_strangers())).contains("<html data-notice=\"/-/notice\" data-notice-seconds=\"10\" lang="));
        assert!(html(Some(notice())).contains("data-notice-seconds=\"1\"") && !html(None).contains("<html data-notice"));
        assert!(Page::new(Some(notice()), false).reply(NOTICE_PATH, None).is_some());
        assert!(Page::new(Some(notice()), false).reply("/other", None).is_none());
    }

    #[tokio::test]
    async fn a_local_server_tells_it_to_pages_of_this_machine_alone() {
        async fn told(local: bool, host: &str) -> String {
            let reply = Page::new(Some(notice()), local).reply(NOTICE_PATH, Some(host)).expect("the path exists");
            let body = reply.into_body().collect().await.expect("a reply is whole").to_bytes();
            String::from_utf8_lossy(&body).trim_end().to_owned()
        }
        for own in ["localhost:13254", "127.0.0.1:13254", "[::1]:13254"] {
            assert!(told(true, own).await.contains("The build failed"), "{own}");
        }
        assert_eq!(told(true, "evil.example:13254").await, "{}");
        assert!(told(false, "chat.example:13254").await.contains("The build failed"));
    }
}
