//! The table of what answers plain HTTP requests.

use std::fmt::Debug;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::http::{HeaderValue, Method, StatusCode, header, request::Parts};

use super::progress::Progress;
use super::reply::{Reply, allowed, text};

/// The methods of plain requests.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The body of a request. Polling it reads from the socket, so an endpoint that collects it sets a limit.
pub type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// The future of an endpoint's answer.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Option<Reply>> + Send + 'a>>;

/// A request, and the connection that it comes over.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The client's address, in front of all trusted proxies.
    pub address: SocketAddr,
    /// The request without its body.
    pub parts: &'a Parts,
    /// The progress of its connection.
    pub progress: &'a Arc<Progress>,
}

/// Something that may answer a request.
pub trait Endpoint: Debug + Send + Sync {
    /// The reply, or `None` to leave the request to the next endpoint. An endpoint that returns `None` has not read the body, unless those behind
    /// it read none.
    fn answer<'a>(&'a self, asked: Asked<'a>, body: &'a mut Body) -> Answer<'a>;
}

/// The endpoints of a server, in the order in which they are asked. Upgrades never come here.
#[derive(Debug, Default)]
pub struct Endpoints(Vec<Box<dyn Endpoint>>);

impl Endpoints {
    /// Adds an endpoint behind the others.
    pub fn add(&mut self, endpoint: impl Endpoint + 'static) {
        self.0.push(Box::new(endpoint));
    }

    /// The reply of the first endpoint that has one. Without any: 404 for GET and HEAD, 204 for OPTIONS, otherwise 405.
    pub async fn answer(&self, asked: Asked<'_>, mut body: Body) -> Reply {
        for endpoint in &self.0 {
            if let Some(reply) = endpoint.answer(asked, &mut body).await {
                return reply;
            }
        }
        unanswered(&asked.parts.method)
    }
}

fn unanswered(method: &Method) -> Reply {
    if is_read(method) {
        return text(StatusCode::NOT_FOUND, "nothing is here; this is a WebSocket server");
    }
    // The health checks of load balancers ask so (HAProxy: `OPTIONS / HTTP/1.0`), and take any 2xx for a yes.
    if method == Method::OPTIONS {
        return allowed(METHODS);
    }
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static(METHODS));
    reply
}

/// Whether the method asks for a resource. hyper leaves out the body of an answer to HEAD.
pub fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    use http_body_util::{BodyExt, Full};

    use super::*;
    use crate::front::deadline::Deadline;

    /// Answers POST requests below its path with their bodies.
    #[derive(Debug)]
    struct Echo(&'static str);

    impl Endpoint for Echo {
        fn answer<'a>(&'a self, asked: Asked<'a>, body: &'a mut Body) -> Answer<'a> {
            Box::pin(async move {
                let request = asked.parts;
                if request.method != Method::POST || !request.uri.path().starts_with(self.0) {
                    return None;
                }
                let sent = body.collect().await.expect("the test's body is whole").to_bytes();
                Some(text(StatusCode::OK, &format!("{}: {}", self.0, String::from_utf8_lossy(&sent))))
            })
        }
    }

    /// The status and body of the answer.
    async fn answer(endpoints: &Endpoints, method: Method, path: &str, body: &'static str) -> (u16, String) {
        let request = hyper::Request::builder().method(method).uri(path).body(()).expect("the test's request is valid");
        let body = Full::from(body).map_err(|never| match never {}).boxed_unsync();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let progress = Progress::new(Deadline::new(Instant::now(), Duration::from_secs(10)));
        let asked = Asked { address, parts: &request.into_parts().0, progress: &progress };
        let reply = endpoints.answer(asked, body).await;
        let status = reply.status().as_u16();
        let body = reply.into_body().collect().await.expect("a reply is whole").to_bytes();
        (status, String::from_utf8_lossy(&body).trim_end().to_owned())
    }

    #[tokio::test]
    async fn the_first_endpoint_that_answers_wins_and_gets_the_body() {
        let mut endpoints = Endpoints::default();
        endpoints.add(Echo("/a/b"));
        endpoints.add(Echo("/a"));
        assert_eq!(answer(&endpoints, Method::POST, "/a/b/c", "hello").await, (200, "/a/b: hello".into()));
        assert_eq!(answer(&endpoints, Method::POST, "/a", "hello").await, (200, "/a: hello".into()));
    }

    #[tokio::test]
    async fn a_request_without_an_endpoint_is_answered_with_404_204_or_405() {
        let endpoints = Endpoints::default();
        assert_eq!(answer(&endpoints, Method::GET, "/", "").await.0, 404);
        assert_eq!(answer(&endpoints, Method::HEAD, "/", "").await.0, 404);
        assert_eq!(answer(&endpoints, Method::OPTIONS, "/", "").await, (204, String::new()));
        assert_eq!(answer(&endpoints, Method::POST, "/", "hello").await.0, 405);
    }
}
