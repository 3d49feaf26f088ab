//! The span of a request, with the attributes of OpenTelemetry's conventions for HTTP servers.

use std::net::SocketAddr;

use hyper::http::{StatusCode, header, request::Parts};

use super::authority::Authority;
use super::router::Router;
use crate::trace::{Kind, Span, Tracer};

/// Makes the spans of requests, if anybody collects them.
#[derive(Debug)]
pub struct Spans(Option<Named>);

#[derive(Debug)]
struct Named {
    tracer: Tracer,
    /// The pattern of paths that name rooms.
    route: Option<String>,
}

impl Spans {
    /// The spans of requests for the rooms of this router.
    pub fn new(tracer: Option<Tracer>, router: &Router) -> Self {
        Self(tracer.map(|tracer| Named { tracer, route: router.pattern() }))
    }

    /// Begins the span of a request from this address. It goes on with the trace that the request names.
    pub fn begin(&self, address: SocketAddr, parts: &Parts) -> Option<Box<Span>> {
        let Named { tracer, route } = self.0.as_ref()?;
        // Methods and patterns are few; paths are not.
        let method = parts.method.as_str();
        let name = route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        let mut span = tracer.take_on(name, Kind::Server, &parts.headers);
        if span.is_recorded() {
            span.set("http.request.method", method.to_owned());
            span.set("network.protocol.version", "1.1");
            // Without the query, which may have a token.
            span.set("url.path", parts.uri.path().to_owned());
            span.set("client.address", address.ip().to_canonical().to_string());
            if let Some(route) = route {
                span.set("http.route", route.clone());
            }
            let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
            if let Some(host) = text(header::HOST).and_then(Authority::parse) {
                span.set("server.address", host.host().to_owned());
                if let Some(port) = host.port() {
                    span.set("server.port", i64::from(port));
                }
            }
            if let Some(agent) = text(header::USER_AGENT) {
                span.set("user_agent.original", agent.to_owned());
            }
        }
        Some(Box::new(span))
    }
}

/// Ends the span of a request that is answered with this status.
pub fn end(span: Option<Box<Span>>, status: StatusCode) {
    let Some(mut span) = span else { return };
    span.set("http.response.status_code", i64::from(status.as_u16()));
    // The mistakes of clients are no failures of a server.
    if status.is_server_error() {
        span.fail(status.as_u16().to_string(), "");
    }
}
