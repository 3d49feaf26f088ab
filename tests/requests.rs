//! Upgrade requests that two servers could read differently, and other invalid ones. A refusal ends the connection, so that
//! no bytes behind it are read as a request or a frame.

use crate::support::Host;
use crate::support::http::{Raw, text_frame, upgrade};

/// The example request with additional header lines.
fn with(lines: &str) -> String {
    upgrade("/", &[]).replacen("\r\n\r\n", &format!("\r\n{lines}\r\n"), 1)
}

/// The example request with another first line.
fn asking(first: &str) -> String {
    upgrade("/", &[]).replacen("GET / HTTP/1.1", first, 1)
}

/// The statuses of all answers to these bytes, until the connection ends.
fn statuses(host: &Host, bytes: &[u8]) -> Vec<u16> {
    let mut raw = Raw::connect(&host.address);
    raw.tries(bytes);
    let text = String::from_utf8_lossy(&raw.rest()).into_owned();
    // "HTTP/1.1 200 OK": the text of a refusal may name a version, but without a status.
    text.match_indices("HTTP/1.").filter_map(|(at, start)| text.get(at + start.len() + 2..)?.get(..3)?.parse().ok()).collect()
}

/// Sends each request with a client's greeting behind it, and expects exactly one answer, with this status.
fn each_is_answered(status: u16, requests: &[&str]) {
    let host = Host::run("probe");
    for request in requests {
        let bytes = [request.as_bytes(), &text_frame("say smuggled")].concat();
        assert_eq!(statuses(&host, &bytes), [status], "{request:?}");
    }
    is_served(&host);
}

fn is_served(host: &Host) {
    let (mut raw, _) = Raw::join(&host.address);
    assert_eq!(raw.asks("say here"), "here");
}

#[test]
fn a_request_with_a_body_is_not_upgraded() {
    each_is_answered(
        400,
        &[
            &with("Content-Length: 18\r\n"),
            &with("Content-Length: 0\r\nContent-Length: 18\r\n"),
            &with("Content-Length: -1\r\n"),
            &with("Content-Length: 99999999999999999999\r\n"),
            &with("Transfer-Encoding: chunked\r\n"),
            &with("Transfer-Encoding: chunked\r\nContent-Length: 18\r\n"),
            &with("Transfer-Encoding: identity\r\n"),
            &with("Transfer-Encoding: xchunked\r\n"),
        ],
    );
}

#[test]
fn a_body_is_not_read_as_a_request() {
    let host = Host::run("probe");
    for body in ["Content-Length: 200\r\n", "Transfer-Encoding: chunked\r\n"] {
        let smuggled = format!("{}0\r\n\r\n{}", with(body), upgrade("/", &[]));
        assert_eq!(statuses(&host, smuggled.as_bytes()), [400], "{body}");
    }
    is_served(&host);
}

#[test]
fn a_malformed_header_is_refused() {
    each_is_answered(
        400,
        &[
            // Folded lines (RFC 9112 §5.2).
            &with("X-Folded: a\r\n b\r\n"),
            &with(" X-Folded: a\r\n"),
            // A space before the colon (RFC 9112 §5.1).
            &upgrade("/", &[]).replacen("Host:", "Host :", 1),
            &with("X-Zero: a\0b\r\n"),
            &with("X-Return: a\rb\r\n"),
            &with("X-No-Colon\r\n"),
            &with(": no name\r\n"),
            &with("X\u{e9}: a name beyond ASCII\r\n"),
            &with("X-(Comment): a\r\n"),
        ],
    );
}

#[test]
fn headers_that_may_occur_once_are_refused_when_repeated() {
    each_is_answered(
        400,
        &[
            &with("Host: server.example.com\r\n"),
            &with("hOST: other.example.com\r\n"),
            &with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            &with("Sec-WebSocket-Version: 13\r\n"),
            &with("Origin: http://server.example.com\r\nOrigin: http://evil.example\r\n"),
        ],
    );
}

#[test]
fn headers_that_are_lists_may_be_repeated() {
    let host = Host::run("probe");
    for lines in ["Connection: keep-alive\r\n", "Upgrade: h2c\r\n", "UPGRADE: WebSocket\r\nconnection: UPGRADE\r\n"] {
        let mut raw = Raw::connect(&host.address);
        raw.says(with(lines).as_bytes());
        assert_eq!(raw.head().status, 101, "{lines}");
    }
}

#[test]
fn a_request_without_one_valid_host_is_refused_whatever_it_asks_for() {
    let plain = |first: &str, hosts: &str| format!("{first} HTTP/1.1\r\n{hosts}\r\n");
    let hosts = ["a b", "localhost/evil", "u@localhost", "localhost:x", "localhost:65536", "[::1", "caf\u{e9}", " "];
    let upgrades = hosts.iter().map(|host| upgrade("/", &[("Host", host)]));
    let plains = hosts
        .iter()
        .flat_map(|host| ["GET /", "GET /nothing", "OPTIONS *"].map(|first| plain(first, &format!("Host: {host}\r\n"))));
    let others =
        [upgrade("/", &[("Host", "")]), plain("GET /", ""), plain("POST /", ""), plain("GET /", "Host: a\r\nHost: a\r\n")];
    let all: Vec<_> = upgrades.chain(plains).chain(others).collect();
    each_is_answered(400, &all.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_host_without_a_port_and_an_old_request_without_a_host_are_valid() {
    each_is_answered(404, &["GET /nothing HTTP/1.0\r\n\r\n", "GET /nothing HTTP/1.1\r\nHost: a:\r\n\r\n"]);
}

#[test]
fn the_target_is_a_path_or_names_the_host_of_the_header() {
    each_is_answered(
        400,
        &[
            &asking("GET http://other.example.com/ HTTP/1.1"),
            &asking("GET server.example.com:80 HTTP/1.1"),
            &asking("GET * HTTP/1.1"),
            &asking("GET chat HTTP/1.1"),
            &asking("GET  HTTP/1.1"),
            &asking("GET / / HTTP/1.1"),
            &asking("GET /\0 HTTP/1.1"),
        ],
    );
    let host = Host::run("probe");
    for target in ["http://server.example.com/", "http://SERVER.EXAMPLE.COM/chat?a=1", "ws://server.example.com", "/%00%2e%2e/"] {
        let mut raw = Raw::connect(&host.address);
        raw.says(asking(&format!("GET {target} HTTP/1.1")).as_bytes());
        assert_eq!(raw.head().status, 101, "{target}");
    }
}

#[test]
fn another_method_is_refused() {
    each_is_answered(
        405,
        &[
            &asking("CONNECT server.example.com:80 HTTP/1.1"),
            &asking("OPTIONS * HTTP/1.1"),
            &asking("TRACE / HTTP/1.1"),
            &asking("get / HTTP/1.1"),
        ],
    );
}

#[test]
fn an_older_version_of_http_is_refused() {
    each_is_answered(505, &[&asking("GET / HTTP/1.0")]);
}

#[test]
fn an_unknown_version_of_http_is_refused() {
    each_is_answered(400, &[&asking("GET / HTTP/1.9"), &asking("GET / HTTP/3"), &asking("GET / http/1.1"), &asking("GET /")]);
}

#[test]
fn a_path_beyond_the_limit_is_too_long() {
    let host = Host::run("probe");
    let long = |len| asking(&format!("GET /{} HTTP/1.1", "x".repeat(len)));
    let mut raw = Raw::connect(&host.address);
    raw.says(long(15 << 10).as_bytes());
    assert_eq!(raw.head().status, 101);
    for len in [17 << 10, 100 << 10, 1 << 20] {
        assert_eq!(statuses(&host, long(len).as_bytes()), [431], "{len}");
    }
    is_served(&host);
}

#[test]
fn a_path_beyond_ascii_is_taken_if_it_is_text() {
    let host = Host::run("probe");
    let mut raw = Raw::connect(&host.address);
    raw.says(asking("GET /caf\u{e9} HTTP/1.1").as_bytes());
    assert_eq!(raw.head().status, 101);
    let broken = asking("GET /caf# HTTP/1.1").bytes().map(|byte| if byte == b'#' { 0xE9 } else { byte }).collect::<Vec<_>>();
    assert_eq!(statuses(&host, &broken), [400]);
}

#[test]
fn more_headers_than_a_hundred_are_too_many() {
    let host = Host::run("probe");
    assert_eq!(statuses(&host, with(&"X: y\r\n".repeat(200)).as_bytes()), [431]);
    is_served(&host);
}

#[test]
fn a_value_beyond_ascii_does_not_refuse_a_client() {
    let host = Host::run("probe");
    let mut raw = Raw::connect(&host.address);
    raw.says(with("User-Agent: caf\u{e9}\r\n").as_bytes());
    assert_eq!(raw.head().status, 101);
}

#[test]
fn a_request_behind_a_page_is_answered_and_one_behind_a_refusal_is_not() {
    let host = Host::run("probe");
    let page = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let nothing = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(statuses(&host, [page, page, nothing, page].concat().as_bytes()), [200, 200, 404], "the last one ends it");
    let refused = upgrade("/", &[("Sec-WebSocket-Version", "8")]);
    assert_eq!(statuses(&host, [&refused, page].concat().as_bytes()), [426]);
}
