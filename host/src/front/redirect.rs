//! Redirects from plain HTTP to `https://`, and of upgrades to `wss://`.

use std::convert::Infallible;
use std::future::{poll_fn, ready};

use hyper::body::Incoming;
use hyper::http::{HeaderValue, StatusCode, header, request::Parts};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::authority::{Authority, default_port};
use super::host_header;
use super::reply::{self, Reply};
use super::upgrade::{self, Refusal};

/// Answers one request with its redirect to this port. Returns the connection; the client may have sent more.
pub async fn serve(stream: TcpStream, port: u16, max_request_bytes: usize) -> TcpStream {
    let service =
        service_fn(|request: hyper::Request<Incoming>| ready(Ok::<_, Infallible>(answer(&request.into_parts().0, port))));
    let mut http = http1::Builder::new();
    http.max_buf_size(max_request_bytes);
    http.half_close(true);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    // A request that cannot be read is answered too.
    let _ = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    connection.into_parts().io.into_inner()
}

fn answer(request: &Parts, port: u16) -> Reply {
    match location(request, port).and_then(|location| HeaderValue::try_from(location).map_err(|_| no_target())) {
        Ok(location) => {
            let mut reply = reply::text(StatusCode::PERMANENT_REDIRECT, "this server speaks TLS: use https:// or wss://");
            reply.headers_mut().insert(header::LOCATION, location);
            reply
        }
        Err(refusal) => reply::refusal(&refusal),
    }
}

/// The same URL with TLS. Its host is the request's own `Host`, which leads nobody elsewhere; all of the target but path and query is dropped.
/// An upgrade is sent to `wss://`: clients of WebSockets that follow redirects want that scheme.
fn location(request: &Parts, port: u16) -> Result<String, Refusal> {
    host_header::check(request)?;
    let named = request.headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(Authority::parse);
    let no_host = || Refusal::new(StatusCode::BAD_REQUEST, "the request names no host to redirect to (RFC 9112 §3.2)");
    let host = named.ok_or_else(no_host)?.host();
    let target = request.uri.path_and_query().map(|target| target.as_str()).filter(|target| target.starts_with('/'));
    let target = target.ok_or_else(no_target)?;
    let scheme = if upgrade::is_wanted(request) { "wss" } else { "https" };
    let port = if default_port(scheme) == Some(port) { String::new() } else { format!(":{port}") };
    Ok(format!("{scheme}://{host}{port}{target}"))
}

fn no_target() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "the request has no path to redirect to (RFC 9112 §3.2)")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a request for this target is sent, or the status of its refusal.
    fn sent(target: &str, headers: &[(&str, &str)], port: u16) -> Result<String, u16> {
        let request = hyper::Request::builder().uri(target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let reply = answer(&request.body(()).expect("the test's request is valid").into_parts().0, port);
        match reply.headers().get(header::LOCATION) {
            Some(location) => Ok(location.to_str().expect("it is ASCII").to_owned()),
            None => Err(reply.status().as_u16()),
        }
    }

    #[test]
    fn path_and_query_stay_and_the_port_is_that_of_https() {
        let host = [("Host", "chat.example:8080")];
        assert_eq!(sent("/a/b%20c?d=e&f", &host, 443).as_deref(), Ok("https://chat.example/a/b%20c?d=e&f"));
        assert_eq!(sent("/", &host, 8443).as_deref(), Ok("https://chat.example:8443/"));
        assert_eq!(sent("/", &[("Host", "[::1]:80")], 443).as_deref(), Ok("https://[::1]/"));
    }

    #[test]
    fn an_upgrade_is_sent_to_a_websocket_with_tls() {
        let headers = [("Host", "chat.example"), ("Upgrade", "websocket"), ("Connection", "Upgrade")];
        assert_eq!(sent("/room?x=1", &headers, 443).as_deref(), Ok("wss://chat.example/room?x=1"));
    }

    #[test]
    fn no_target_leads_to_another_host() {
        let host = [("Host", "chat.example")];
        assert_eq!(sent("http://evil.example/a?b", &host, 443).as_deref(), Ok("https://chat.example/a?b"));
        assert_eq!(sent("//evil.example/a", &host, 443).as_deref(), Ok("https://chat.example//evil.example/a"));
        for wrong in ["evil.example/", "user@evil.example", "a, b", ""] {
            assert_eq!(sent("/", &[("Host", wrong)], 443), Err(400), "{wrong:?}");
        }
        assert_eq!(sent("/", &[], 443), Err(400));
        assert_eq!(sent("*", &host, 443), Err(400));
        assert_eq!(sent("/", &[("Host", "a"), ("Host", "b")], 443), Err(400));
    }
}
