//! The endpoint where pages ask for the notice.

use hyper::http::{HeaderValue, StatusCode, header};

use super::authority::Authority;
use super::endpoints::{Answer, Asked, Body, Endpoint, is_read};
use super::notice::Notice;
use super::reply::{Reply, text};

/// Where pages ask. No room of the pattern `/{room}` has this path: the path has two segments.
pub const NOTICE_PATH: &str = "/-/notice";

/// The notice.
#[derive(Debug)]
pub struct NoticeEndpoint {
    notice: Notice,
    /// Whether the server can be reached only from its own machine.
    local: bool,
}

impl NoticeEndpoint {
    /// A `local` server tells the notice to pages of this machine alone. A page of any site could otherwise read the source code in a
    /// build's errors, by a name that resolves to its visitor's machine (DNS rebinding).
    pub fn new(notice: Notice, local: bool) -> Self {
        Self { notice, local }
    }

    fn reply(&self, path: &str, host: Option<&str>) -> Option<Reply> {
        if path != NOTICE_PATH {
            return None;
        }
        if self.local && !means_this_machine(host) {
            return Some(text(StatusCode::OK, "{}"));
        }
        let mut reply = text(StatusCode::OK, &self.notice.get());
        reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(reply)
    }
}

impl Endpoint for NoticeEndpoint {
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

    #[tokio::test]
    async fn a_local_server_tells_it_to_pages_of_this_machine_alone() {
        async fn told(local: bool, host: &str) -> String {
            let notice = Notice::default();
            notice.set("The build failed".into());
            let reply = NoticeEndpoint::new(notice, local).reply(NOTICE_PATH, Some(host)).expect("the path exists");
            let body = reply.into_body().collect().await.expect("a reply is whole").to_bytes();
            String::from_utf8_lossy(&body).trim_end().to_owned()
        }
        for own in ["localhost:13254", "127.0.0.1:13254", "[::1]:13254"] {
            assert!(told(true, own).await.contains("The build failed"), "{own}");
        }
        assert_eq!(told(true, "evil.example:13254").await, "{}");
        assert!(told(false, "chat.example:13254").await.contains("The build failed"));
        assert!(NoticeEndpoint::new(Notice::default(), false).reply("/other", None).is_none());
    }
}
