//! Plain HTTP requests that a guest answers.

use std::time::Duration;

use crate::support::http::{Answer, Raw, ask, request, upgrade};
use crate::support::{Client, Host, Swappable};

/// A `POST` with a body, on a connection that stays open.
fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Note: n\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Asks, and returns the connection and the id that the guest's clients hear.
async fn asks(host: &Host, client: &mut Client, path: &str) -> (Raw, String) {
    let mut raw = Raw::connect(&host.address);
    raw.says(get(path).as_bytes());
    let told = client.hears().await;
    (raw, told.split(' ').nth(1).expect("an id").to_owned())
}

#[test]
fn a_guest_answers_a_request_as_it_was_sent() {
    let host = Host::run("caller");
    let mut raw = Raw::connect(&host.address);
    raw.says(post("/a%2fb/%65cho?c=%20d", "a body").as_bytes());
    let answer = raw.whole_answer();
    assert_eq!((answer.status, text(&answer)), (200, "POST /a%2Fb/echo c=%20d n 6 a body".to_owned()));
    assert_eq!((answer.header("content-type"), answer.header("x-room")), ("text/plain; charset=utf-8", "yes"));
    assert!(!answer.header("date").is_empty() && answer.header("connection").is_empty());
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"] {
        raw.says(get("/echo").replacen("GET", method, 1).as_bytes());
        assert_eq!(text(&raw.whole_answer()), format!("{method} /echo  - 0 "), "the connection is kept");
    }
    raw.says(get("/empty").as_bytes());
    let empty = raw.head();
    assert_eq!((empty.status, empty.header("content-type"), empty.header("content-length")), (204, "", ""));
    raw.says(
        post("/echo", "x")
            .replacen("Content-Length: 1", "Transfer-Encoding: chunked", 1)
            .replacen("\r\nx", "\r\n1\r\nx\r\n0\r\n\r\n", 1)
            .as_bytes(),
    );
    assert_eq!(text(&raw.whole_answer()), "POST /echo  n 1 x");
    raw.says(upgrade("/", &[("Host", "localhost")]).as_bytes());
    assert_eq!(raw.head().status, 101, "the same connection is upgraded");
}

#[test]
fn head_has_the_headers_of_an_answer_without_its_body() {
    let host = Host::run("caller");
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/echo").replacen("GET", "HEAD", 1).as_bytes());
    let head = raw.head();
    assert_eq!((head.status, head.header("content-length"), head.header("x-room")), (200, "16", "yes"));
    raw.says(get("/echo").as_bytes());
    assert_eq!(text(&raw.whole_answer()), "GET /echo  - 0 ");
}

#[test]
fn an_answer_against_the_rules_is_refused_and_the_request_stays_open() {
    let host = Host::run("caller");
    let split = ask(&host.address, &request("GET /split"));
    assert!(text(&split).contains("control characters") && split.header("set-cookie").is_empty(), "{split:?}");
    assert_eq!(text(&ask(&host.address, &request("GET /large"))), "Err(RespondError::TooBig)");
}

#[tokio::test]
async fn an_answer_may_come_in_a_later_event() {
    let host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    let (mut raw, id) = asks(&host, &mut client, "/later").await;
    assert_eq!(client.asks(&format!("chunk {id} x")).await, "Err(RespondError::WrongOrder)");
    assert_eq!(client.asks(&format!("whole {id} at last")).await, "Ok(())");
    assert_eq!(text(&raw.whole_answer()), "at last");
    assert_eq!(client.asks(&format!("whole {id} again")).await, "Err(RespondError::NoSuchRequest)");
}

#[tokio::test]
async fn server_sent_events_arrive_one_by_one_until_the_client_goes() {
    let host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    let (mut raw, id) = asks(&host, &mut client, "/events").await;
    let head = raw.head();
    assert_eq!((head.header("content-type"), head.header("transfer-encoding")), ("text/event-stream", "chunked"));
    for word in ["one", "two", "three"] {
        assert_eq!(client.asks(&format!("chunk {id} {word}")).await, "Ok(SendStatus::Queued)");
        assert_eq!(raw.chunk(), word.as_bytes());
    }
    drop(raw);
    assert_eq!(client.hears().await, format!("gone {id}"));
    assert_eq!(client.asks(&format!("chunk {id} four")).await, "Err(RespondError::NoSuchRequest)");
    let (mut raw, id) = asks(&host, &mut client, "/events").await;
    raw.head();
    client.asks(&format!("chunk {id} last")).await;
    assert_eq!(client.asks(&format!("end {id}")).await, "Ok(())");
    assert_eq!((raw.chunk(), raw.chunk()), (b"last".to_vec(), Vec::new()));
    raw.says(get("/echo").as_bytes());
    assert_eq!(raw.whole_answer().status, 200, "the connection is kept behind an answer in chunks");
}

#[tokio::test]
async fn a_client_that_goes_while_it_waits_is_told_to_the_guest_although_it_has_sent_more() {
    let host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    for more in ["", "x", "GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let (mut raw, id) = asks(&host, &mut client, "/later").await;
        raw.says(more.as_bytes());
        raw.resets();
        assert_eq!(client.hears().await, format!("gone {id}"), "{more:?}");
    }
}

#[tokio::test]
async fn a_client_that_sends_no_more_gets_its_answer_but_an_event_stream_ends() {
    let host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/echo").as_bytes());
    raw.sends_no_more();
    assert_eq!(raw.whole_answer().status, 200);
    for begins in [false, true] {
        let mut raw = Raw::connect(&host.address);
        raw.says(get("/later").as_bytes());
        raw.sends_no_more();
        let id = client.hears().await.split(' ').nth(1).expect("an id").to_owned();
        if begins {
            assert_eq!(client.asks(&format!("begin {id}")).await, "Ok(())");
            assert_eq!(raw.head().status, 200);
            assert_eq!(client.asks(&format!("chunk {id} in chunks")).await, "Ok(SendStatus::Queued)");
            assert_eq!(raw.chunk(), b"in chunks");
            assert_eq!(client.asks(&format!("end {id}")).await, "Ok(())");
            assert_eq!(raw.rest(), b"0\r\n\r\n");
        } else {
            assert_eq!(client.asks(&format!("whole {id} at once")).await, "Ok(())");
            assert_eq!(text(&raw.whole_answer()), "at once");
        }
    }
    let (mut raw, id) = asks(&host, &mut client, "/events").await;
    raw.sends_no_more();
    assert_eq!(client.hears().await, format!("gone {id}"));
    assert_eq!(raw.head().status, 200);
    raw.is_cut();
}

#[test]
fn an_answer_without_a_body_has_none() {
    let host = Host::run("caller");
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/reset").as_bytes());
    let reset = raw.whole_answer();
    assert_eq!((reset.status, reset.header("content-length"), text(&reset)), (205, "0", String::new()));
    raw.says(get("/echo").as_bytes());
    assert_eq!(raw.whole_answer().status, 200);
}

#[test]
fn a_guest_says_which_pages_may_ask_it_more() {
    let host = Host::run("caller");
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/shared").replacen("GET", "OPTIONS", 1).as_bytes());
    let answer = raw.head();
    let allows = (answer.header("access-control-allow-origin"), answer.header("access-control-allow-methods"));
    assert_eq!((answer.status, allows, answer.header("allow")), (204, ("*", "PUT"), ""));
}

#[tokio::test]
async fn a_slow_reader_causes_backpressure_drains_or_is_cut() {
    let host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    let (mut raw, id) = asks(&host, &mut client, "/events").await;
    raw.head();
    assert_eq!(client.asks(&format!("much {id} 2")).await, "Ok(SendStatus::Backpressure)");
    assert_eq!((0..2 << 16).step_by(16 << 10).map(|_| raw.chunk().len()).sum::<usize>(), 2 << 16);
    assert_eq!(client.hears().await, format!("drained {id}"));
    // More than the hard limit and the buffers of the kernels.
    client.says(&format!("much {id} 256")).await;
    assert_eq!(client.hears().await, "Ok(SendStatus::Backpressure)");
    assert_eq!(client.hears().await, format!("gone {id}"));
    raw.is_cut();
}

#[tokio::test]
async fn the_host_answers_500_for_a_trap_and_504_for_no_answer() {
    let host = Host::run_with("caller", &["--request-timeout", "300ms"]);
    let mut client = Client::connect(&host).await;
    let trapped = ask(&host.address, &request("GET /trap"));
    assert_eq!((trapped.status, text(&trapped).contains("dropped")), (500, false));
    let (mut raw, id) = asks(&host, &mut client, "/later").await;
    assert_eq!(raw.head().status, 504);
    assert_eq!(client.hears().await, format!("gone {id}"));
    let mut raw = Raw::connect(&host.address);
    raw.says(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhell");
    assert_eq!(raw.answer().status, 408);
}

#[test]
fn a_body_that_is_too_large_gets_413_before_it_is_read() {
    let host = Host::run_with("caller", &["--max-request-body", "10"]);
    let mut raw = Raw::connect(&host.address);
    raw.says(post("/echo", "0123456789").as_bytes());
    assert_eq!(raw.whole_answer().status, 200);
    raw.says(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    assert_eq!(raw.head().status, 413, "no 100 comes before it");
    let mut raw = Raw::connect(&host.address);
    raw.says(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n");
    assert_eq!(raw.head().status, 413);
}

#[tokio::test]
async fn an_open_request_outlives_a_trap_and_a_swap() {
    let host = Swappable::run("caller", &[]);
    let mut client = Client::connect(&host.host).await;
    let (mut waits, first) = asks(&host.host, &mut client, "/later").await;
    let (mut streams, second) = asks(&host.host, &mut client, "/events").await;
    streams.head();
    assert_eq!(ask(&host.host.address, &request("GET /trap")).status, 500);
    assert_eq!(client.asks(&format!("chunk {second} after a trap")).await, "Ok(SendStatus::Queued)");
    assert_eq!(streams.chunk(), b"after a trap");
    let host = tokio::task::spawn_blocking(move || {
        host.swap("caller");
        host
    });
    let _host = host.await.expect("the swap succeeds");
    assert_eq!(client.asks(&format!("whole {first} after a swap")).await, "Ok(())");
    assert_eq!(text(&waits.whole_answer()), "after a swap");
}

#[tokio::test]
async fn an_answer_that_the_guest_aborts_is_cut_or_500() {
    let host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    let (mut streams, id) = asks(&host, &mut client, "/events").await;
    streams.head();
    assert_eq!(client.asks(&format!("abort {id} half")).await, "Ok(SendStatus::Queued)");
    assert_eq!(streams.chunk(), b"half", "what was sent before goes out");
    streams.is_cut();
    let (mut waits, id) = asks(&host, &mut client, "/later").await;
    assert_eq!(client.asks(&format!("abort {id}")).await, "Err(RespondError::WrongOrder)");
    assert_eq!(waits.whole_answer().status, 500);
    assert_eq!(client.asks(&format!("abort {id}")).await, "Err(RespondError::NoSuchRequest)", "and nobody has gone");
}

#[tokio::test]
async fn the_instance_after_a_swap_lists_the_open_requests_and_aborts_them() {
    let host = Swappable::run("caller", &[]);
    let mut client = Client::connect(&host.host).await;
    let (_waits, first) = asks(&host.host, &mut client, "/later").await;
    let (mut streams, second) = asks(&host.host, &mut client, "/events").await;
    streams.head();
    let host = tokio::task::spawn_blocking(move || {
        host.swap("caller");
        host
    });
    let _host = host.await.expect("the swap succeeds");
    assert_eq!(client.asks("open 0").await, format!("[({first}, false), ({second}, true)]"));
    client.asks(&format!("abort {second} again")).await;
    assert_eq!(streams.chunk(), b"again");
    streams.is_cut();
    assert_eq!(client.asks("open 0").await, format!("[({first}, false)]"));
}

#[test]
fn a_request_to_a_guest_without_the_export_is_the_hosts() {
    let host = Host::run("echo");
    assert_eq!(ask(&host.address, &request("GET /")).header("content-type"), "text/html; charset=utf-8");
    assert_eq!(ask(&host.address, &request("GET /hook")).status, 404);
    assert_eq!(ask(&host.address, &request("POST /hook")).status, 405);
    let host = Swappable::run("echo", &[]);
    host.swap("caller");
    assert_eq!(ask(&host.host.address, &request("GET /echo")).status, 200);
}

#[test]
fn the_rules_for_all_requests_come_before_the_guest() {
    let host = Host::run("caller");
    assert_eq!(ask(&host.address, "GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n").status, 400);
    assert_eq!(ask(&host.address, "GET http://other/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").status, 400);
    let server = ask(&host.address, &request("OPTIONS *"));
    assert_eq!((server.status, server.header("allow")), (204, ""), "the guest knows its methods");
    assert_eq!(ask(&host.address, "OPTIONS /echo HTTP/1.0\r\n\r\n").status, 200);
}

#[tokio::test]
async fn each_room_answers_for_the_paths_that_name_it() {
    let host = Host::run_with("caller", &["--instances", "per-room", "--room-path", "/{room}/hook"]);
    assert_eq!(ask(&host.address, &request("GET /")).header("content-type"), "text/html; charset=utf-8");
    let mut client = Client::connect_to(&host, "/blue/hook").await;
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/blue/hook").as_bytes());
    assert_eq!(client.hears().await, "asked 1 GET /blue/hook");
    client.asks("whole 1 of blue").await;
    assert_eq!(text(&raw.whole_answer()), "of blue");
}

#[tokio::test]
async fn a_room_with_an_open_request_stays_open_without_a_client() {
    let host = Host::run_with("caller", &["--instances", "per-room", "--room-linger", "0s"]);
    let mut client = Client::connect_to(&host, "/blue").await;
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/blue").as_bytes());
    assert_eq!(client.hears().await, "asked 1 GET /blue");
    client.leaves(1000, "").await;
    let mut client = Client::connect_to(&host, "/blue").await;
    assert_eq!(client.asks("whole 1 still there").await, "Ok(())");
    assert_eq!(text(&raw.whole_answer()), "still there");
}

#[tokio::test]
async fn an_app_that_has_failed_too_often_takes_no_request() {
    let mut host = Host::run_with("caller", &["--restarts", "1/1h"]);
    let trap = request("GET /trap");
    assert_eq!([ask(&host.address, &trap).status, ask(&host.address, &trap).status], [500, 500]);
    host.logs("the application has failed too often");
    let refused = ask(&host.address, &request("GET /echo"));
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
}

#[test]
fn a_request_has_an_instance_of_its_own_with_one_for_each_client() {
    let host = Host::run_with("caller", &["--instances", "per-client"]);
    for _ in 0..3 {
        assert_eq!(text(&ask(&host.address, &request("GET /echo"))), "GET /echo  - 0 ");
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_answers_and_ends_event_streams() {
    let mut host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    let (mut streams, _) = asks(&host, &mut client, "/events").await;
    streams.head();
    let (mut waits, _) = asks(&host, &mut client, "/last").await;
    host.signal("TERM");
    streams.is_cut();
    assert_eq!(client.is_closed().await.0, 1001);
    drop(client);
    let last = waits.answer();
    assert_eq!(
        (last.header("connection"), text(&last)),
        ("close", "the last one".to_owned()),
        "the guest answers when its client leaves"
    );
    assert!(host.ended().success());
}

#[test]
fn a_connection_of_an_idle_event_stream_outlives_the_handshake_timeout() {
    let host = Host::run_with("caller", &["--handshake-timeout", "200ms", "--pong", "100ms", "--ping", "100ms"]);
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/events").as_bytes());
    raw.head();
    assert!(!raw.ends_within(Duration::from_millis(700)), "it stays");
}
