//! The host's HTTP: the page, refusals, and upgrades to WebSocket.

use crate::support::http::{ACCEPT, Answer, Raw, ask, request, text_frame, upgrade};
use crate::support::{Client, Host};

/// The status of an upgrade, accepted or refused.
fn status_of(host: &Host, request: &str) -> u16 {
    let mut raw = Raw::connect(&host.address);
    raw.says(request.as_bytes());
    raw.head().status
}

/// A refused upgrade, with the line that gives the reason.
fn refused(host: &Host, request: &str) -> (Answer, String) {
    let answer = ask(&host.address, request);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    let why = String::from_utf8(answer.body.clone()).expect("the reason is text");
    (answer, why)
}

#[test]
fn the_page_is_client_html_told_where_to_ask_for_changes() {
    let host = Host::run("echo");
    let page = ask(&host.address, &request("GET /"));
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let file = include_str!("../client.html");
    let told = file.replacen("<html", "<html data-notice=\"/-/notice\" data-notice-seconds=\"10\"", 1);
    assert!(page.body == told.as_bytes(), "the page is client.html, and its first element says where to ask");
    assert_eq!(page.header("content-length"), page.body.len().to_string());
}

#[test]
fn no_page_may_frame_the_page_and_only_its_own_script_runs() {
    let host = Host::run("echo");
    let page = ask(&host.address, &request("GET /"));
    let policy = page.header("content-security-policy");
    let rules: Vec<_> = policy.split("; ").collect();
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(rules.contains(&rule), "{policy}");
    }
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    // No answer's type is for the browser to guess.
    let refused = upgrade("/", &[("Sec-WebSocket-Version", "8")]);
    for asked in [&request("GET /"), &request("GET /nothing"), &request("POST /"), &refused] {
        assert_eq!(ask(&host.address, asked).header("x-content-type-options"), "nosniff", "{asked}");
    }
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let host = Host::run("echo");
    let without_date = |answer: &Answer| answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect::<Vec<_>>();
    for path in ["/", "/nothing"] {
        let get = ask(&host.address, &request(&format!("GET {path}")));
        let head = ask(&host.address, &request(&format!("HEAD {path}")));
        assert_eq!((head.status, without_date(&head)), (get.status, without_date(&get)));
        assert!(!get.body.is_empty() && head.body.is_empty(), "{path}");
    }
}

#[test]
fn a_query_does_not_change_the_page_but_another_path_is_not_found() {
    let host = Host::run("echo");
    assert_eq!(ask(&host.address, &request("GET /?a=1")).status, 200);
    for path in ["/nothing", "/client.html", "/../etc/passwd", "//"] {
        assert_eq!(ask(&host.address, &request(&format!("GET {path}"))).status, 404, "{path}");
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let host = Host::run("echo");
    for method in ["POST", "PUT", "DELETE", "TRACE"] {
        let answer = ask(&host.address, &request(&format!("{method} /")));
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"), "{method}");
    }
}

#[test]
fn health_checks_of_load_balancers_are_answered() {
    let host = Host::run_with("echo", &["--no-page"]);
    // HAProxy's default check names no host, and takes 2xx and 3xx for a yes.
    for check in ["OPTIONS / HTTP/1.0\r\n\r\n", &request("OPTIONS /"), &request("OPTIONS *")] {
        let answer = ask(&host.address, check);
        assert_eq!((answer.status, answer.header("allow"), answer.body.len()), (204, "GET, HEAD, OPTIONS", 0), "{check}");
        assert_eq!((answer.header("content-length"), answer.header("connection")), ("", "close"), "{check}");
    }
}

#[test]
fn without_a_page_nothing_is_found_but_websockets_work() {
    let host = Host::run_with("echo", &["--no-page"]);
    assert_eq!(ask(&host.address, &request("GET /")).status, 404);
    assert_eq!(status_of(&host, &upgrade("/", &[])), 101);
}

#[test]
fn an_upgrade_is_answered_as_the_standard_shows() {
    let host = Host::run("echo");
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/chat", &[]).as_bytes());
    let answer = raw.head();
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("sec-websocket-accept"), ACCEPT);
    assert_eq!(answer.header("upgrade"), "websocket");
    assert_eq!(answer.header("connection"), "Upgrade");
    assert_eq!(answer.header("sec-websocket-protocol"), "");
    assert_eq!(answer.header("sec-websocket-extensions"), "");
    // A proxy that reads a length waits for a body (RFC 9110 §8.6).
    assert_eq!((answer.header("content-length"), answer.header("transfer-encoding")), ("", ""));
}

#[test]
fn header_names_and_tokens_may_be_in_any_case() {
    let host = Host::run("echo");
    let upper = "GET / HTTP/1.1\r\nHOST: x\r\nUPGRADE: WEBSOCKET\r\nCONNECTION: KEEP-ALIVE, UPGRADE\r\n\
        SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\nSEC-WEBSOCKET-VERSION: 13\r\n\r\n";
    assert_eq!(status_of(&host, upper), 101);
    // Case matters only in the base64 of the key.
    let lower = upgrade("/", &[("Connection", "keep-alive,upgrade"), ("Upgrade", "h2c, websocket")]);
    let lower = lower.replace("Sec-WebSocket", "sec-websocket").replace("Host", "host").replace("Upgrade:", "upgrade:");
    assert_eq!(status_of(&host, &lower), 101);
}

#[test]
fn the_refusal_of_another_version_names_the_supported_one() {
    let host = Host::run("echo");
    let (answer, why) = refused(&host, &upgrade("/", &[("Sec-WebSocket-Version", "8")]));
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, "13"));
    // A proxy that gets an Upgrade without it may take the answer for broken.
    assert_eq!((answer.header("upgrade"), answer.header("connection")), ("websocket", "upgrade, close"));
    assert!(why.contains("version 13"), "{why}");
}

#[test]
fn the_refusal_of_a_broken_upgrade_request_names_the_error() {
    let host = Host::run("echo");
    let broken = [
        ("Sec-WebSocket-Key", "c2hvcnQ=", "16 bytes in base64"),
        ("Sec-WebSocket-Key", "", "Sec-WebSocket-Key header is missing"),
        ("Connection", "close", "must name Upgrade"),
        ("Upgrade", "h2c", "must name websocket"),
    ];
    for (name, value, expected) in broken {
        let (answer, why) = refused(&host, &upgrade("/", &[(name, value)]));
        assert_eq!(answer.status, 400, "{name}: {value}");
        assert!(why.contains(expected), "{why}");
    }
    let post = upgrade("/", &[]).replacen("GET", "POST", 1);
    let (answer, _) = refused(&host, &post);
    assert_eq!((answer.status, answer.header("allow")), (405, "GET"));
}

#[test]
fn a_request_of_more_than_16_kib_is_too_large() {
    let host = Host::run("echo");
    assert_eq!(status_of(&host, &upgrade("/", &[("X-Long", &"x".repeat(15 << 10))])), 101);
    assert_eq!(status_of(&host, &upgrade("/", &[("X-Long", &"x".repeat(17 << 10))])), 431);
}

/// The status of an upgrade from a page of this origin, at the host's own address.
fn from_origin(host: &Host, origin: &str) -> u16 {
    status_of(host, &upgrade("/", &[("Host", &host.address), ("Origin", origin)]))
}

#[test]
fn a_page_may_connect_to_the_host_that_served_it_and_no_other() {
    let mut host = Host::run("echo");
    assert_eq!(from_origin(&host, ""), 101, "no page at all");
    assert_eq!(from_origin(&host, &format!("http://{}", host.address)), 101);
    for foreign in ["http://evil.example", "null", "http://127.0.0.1", &format!("http://localhost:{}", &host.address[10..])] {
        assert_eq!(from_origin(&host, foreign), 403, "{foreign}");
    }
    host.logs("to admit it, allow the origin http://evil.example");
}

#[test]
fn a_page_may_connect_when_either_side_names_the_default_port() {
    let host = Host::run("echo");
    let status = |own: &str, origin: &str| status_of(&host, &upgrade("/", &[("Host", own), ("Origin", origin)]));
    assert_eq!(status("localhost:443", "https://localhost"), 101);
    assert_eq!(status("localhost:80", "http://localhost"), 101);
    assert_eq!(status("localhost:444", "https://localhost"), 403);
    assert_eq!(status("localhost:443", "http://localhost"), 403);
}

#[test]
fn origins_can_be_allowed() {
    let cases = [
        ("https://app.example", "https://app.example", "http://app.example"),
        ("*.example.com", "https://a.example.com:8443", "https://example.com"),
        ("null", "null", "https://app.example"),
    ];
    for (allowed, admitted, foreign) in cases {
        let host = Host::run_with("echo", &["--allow-origin", allowed]);
        assert_eq!(from_origin(&host, admitted), 101, "{allowed}: {admitted}");
        assert_eq!(from_origin(&host, foreign), 403, "{allowed}: {foreign}");
        assert_eq!(from_origin(&host, &format!("http://{}", host.address)), 101, "its own page");
    }
    let host = Host::run_with("echo", &["--allow-origin", "*"]);
    assert_eq!(from_origin(&host, "https://whoever.example"), 101);
    let host = Host::run_with("echo", &["--allow-origin", "https://one.example", "--allow-origin", "https://two.example"]);
    assert_eq!(from_origin(&host, "https://one.example"), 101);
    assert_eq!(from_origin(&host, "https://two.example"), 101);
}

#[tokio::test]
async fn a_denied_client_is_asked_to_come_back_later() {
    let host = Host::run("probe");
    let (mut inside, _) = Client::join(&host).await;
    assert_eq!(inside.asks("deny").await, "()");
    let (answer, why) = refused(&host, &upgrade("/", &[]));
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    assert!(why.contains("no new clients"), "{why}");
    assert_eq!(ask(&host.address, &request("GET /")).status, 200, "the page is no client");
    assert_eq!(inside.asks("allow").await, "()");
    let (_newcomer, id) = Client::join(&host).await;
    assert_eq!(id, 2);
}

#[test]
fn the_gate_refuses_with_the_status_that_it_chose() {
    let host = Host::run("probe");
    assert_eq!(refused(&host, &upgrade("/refuse", &[])).0.status, 418);
}

#[test]
fn a_gate_that_breaks_its_rules_or_panics_refuses_with_500() {
    let mut host = Host::run("probe");
    assert_eq!(refused(&host, &upgrade("/refuse-badly", &[])).0.status, 500);
    host.logs("on-upgrade broke its rules");
    assert_eq!(refused(&host, &upgrade("/wrong-subprotocol", &[("Sec-WebSocket-Protocol", "chat")])).0.status, 500);
    host.logs("never-offered");
    assert_eq!(refused(&host, &upgrade("/panic", &[])).0.status, 500);
    host.logs("told to panic in the gate");
    assert_eq!(status_of(&host, &upgrade("/", &[])), 101, "a fresh instance goes on");
}

#[tokio::test]
async fn a_gate_can_accept_and_close_before_the_app_sees_a_client() {
    let host = Host::run("probe");
    let (mut watches, _) = Client::join(&host).await;
    let mut closed = Client::connect_to(&host, "/close").await;
    assert_eq!(closed.is_closed().await, (4001, "not you".to_owned()));
    assert_eq!(watches.asks("list").await, "[1] of 1");
    let (_next, id) = Client::join(&host).await;
    assert_eq!((id, watches.hears().await.as_str()), (2, "joined 2"));
}

#[tokio::test]
async fn the_gate_chooses_among_the_subprotocols_that_are_offered() {
    let host = Host::run("probe");
    let offers = [("sec-websocket-protocol", "chat.v1, chat.v2")];
    let (_client, response) = Client::connect_with(&host, "/subprotocol", &offers).await;
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v2");
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/", &[("Sec-WebSocket-Protocol", "chat.v1")]).as_bytes());
    let answer = raw.head();
    assert_eq!((answer.status, answer.header("sec-websocket-protocol")), (101, ""), "none is agreed on unless the gate chooses");
}

#[test]
fn frames_behind_the_upgrade_request_are_the_first_messages() {
    let host = Host::run("probe");
    let mut raw = Raw::connect(&host.address);
    let frames = [text_frame("say one"), text_frame("say two")].concat();
    raw.says(&[upgrade("/", &[]).as_bytes(), &frames[..], &text_frame("say three")[..4]].concat());
    assert_eq!(raw.head().status, 101);
    assert_eq!((raw.hears(), raw.hears(), raw.hears()), ("joined 1".into(), "one".into(), "two".into()));
    raw.says(&text_frame("say three")[4..]);
    assert_eq!(raw.hears(), "three");
}
