//! Requests of a guest through `wasi:http`, for which its handler waits.

use crate::support::{Client, Host, Upstream};

/// Lets requests go to this machine.
const LOCAL: [&str; 4] = ["--allow-http", "localhost", "--allow-http-private", "127.0.0.0/8"];

fn host(more: &[&str]) -> Host {
    Host::run_with("caller", &[&LOCAL, more].concat())
}

#[tokio::test]
async fn a_room_waits_for_the_answer_and_other_rooms_of_its_shard_go_on() {
    let (host, upstream) = (host(&["--instances", "per-room", "--shards", "1"]), Upstream::new().await);
    let (mut waits, mut other) = (Client::connect_to(&host, "/one").await, Client::connect_to(&host, "/two").await);
    waits.says(&format!("wait {}", upstream.url("/a?b=c"))).await;
    waits.says("behind").await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(asked.line(), "GET /a?b=c");
    let has = |line: &str| asked.text.contains(&format!("\r\n{line}\r\n"));
    assert!(has("x-note: a note") && has(&format!("host: localhost:{}", upstream.port())), "{}", asked.text);
    assert!(asked.text.contains("\r\nuser-agent: ws-host/") && !asked.text.contains("transfer-encoding"), "{}", asked.text);
    for number in 0..100 {
        let text = format!("message {number}");
        assert_eq!(other.asks(&text).await, text);
    }
    asked.answers("at last").await;
    assert_eq!((waits.hears().await, waits.hears().await), ("200 at last".to_owned(), "behind".to_owned()));
}

#[tokio::test]
async fn both_kinds_of_request_share_their_connections() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.asks(&format!("get {}", upstream.url("/first"))).await;
    let mut kept = upstream.is_asked().await;
    kept.answers("one").await;
    client.hears().await;
    client.says(&format!("upload 10 {}", upstream.url("/second"))).await;
    kept.asks_again().await;
    assert_eq!(kept.line(), "POST /second");
    assert!(kept.text.contains("\r\ntransfer-encoding: chunked\r\n"), "{}", kept.text);
    kept.answers("two").await;
    assert_eq!(client.hears().await, "200 two");
}

#[tokio::test]
async fn a_denied_request_has_an_error_code_and_a_line_in_the_log() {
    let mut denied = Host::run("caller");
    let answer = Client::connect(&denied).await.asks("wait http://localhost:1/").await;
    assert!(answer.contains("HttpRequestDenied"), "{answer}");
    denied.logs("denied: a request of the application to localhost:1, which is not among the servers that `allow_http` names");
    let upstream = Upstream::new().await;
    let mut host = Host::run_with("caller", &["--allow-http", "*"]);
    for name in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"] {
        let answer = Client::connect(&host).await.asks(&format!("wait http://{name}:{}/", upstream.port())).await;
        assert!(answer.contains("DestinationIpProhibited"), "{name}: {answer}");
    }
    host.logs(&format!("denied: a request of the application to localhost:{}, whose address", upstream.port()));
    let answer = Client::connect(&host).await.asks("wait http://2130706433/").await;
    assert!(answer.contains("has a host that is no IPv4 address"), "{answer}");
}

#[tokio::test]
async fn a_handler_that_waits_too_long_fails_and_its_request_is_given_up() {
    let (mut host, upstream) = (host(&["--call-wait", "200ms"]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.says(&format!("wait {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(client.is_closed().await.0, 1011);
    asked.is_given_up().await;
    host.logs("the guest's on-message waited for longer than the 200ms that a call may wait (call wait)");
    let mut next = Client::connect(&host).await;
    assert_eq!(next.asks("hello").await, "hello");
}

#[tokio::test]
async fn a_handler_that_traps_has_sent_its_request_all_the_same() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.says(&format!("wait-and-fail {}", upstream.url("/sent"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(asked.line(), "GET /sent");
    asked.answers("too late to take it back").await;
    assert_eq!(client.is_closed().await.0, 1011);
}

#[tokio::test]
async fn bodies_have_a_limit_each_way() {
    let (host, upstream) = (host(&["--fetch-body", "10"]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    let refused = client.asks(&format!("upload 11 {}", upstream.url("/"))).await;
    assert!(refused.contains("HttpRequestBodySize(Some(10))"), "{refused}");
    upstream.accepts().await;
    let ask = format!("wait {}", upstream.url("/"));
    client.says(&ask).await;
    upstream.is_asked().await.answers("01234567890").await;
    let known = client.hears().await;
    assert!(known.contains("HttpResponseBodySize(Some(10))"), "{known}");
    client.says(&ask).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    asked.chunk("01234567").await;
    asked.chunk("890").await;
    let streamed = client.hears().await;
    assert_eq!(streamed, "failed: HTTP response body size exceeds limit: 10 bytes");
}

#[tokio::test]
async fn an_answer_has_a_time_and_each_piece_of_it_has_one() {
    let (host, upstream) = (host(&["--fetch-timeout", "1s"]), Upstream::new().await);
    let (mut silent, mut stuck) = (Client::connect(&host).await, Client::connect(&host).await);
    let ask = format!("wait {}", upstream.url("/"));
    silent.says(&ask).await;
    let _silence = upstream.accepts().await;
    let late = silent.hears().await;
    assert!(late.contains("HttpResponseTimeout") && !late.contains("failed"), "{late}");
    stuck.says(&ask).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    let late = stuck.hears().await;
    assert_eq!(late, "failed: HTTP response timeout");
    asked.is_given_up().await;
}

#[tokio::test]
async fn they_count_as_requests_of_the_room_until_their_answer_is_read() {
    let (host, upstream) = (host(&["--fetch-room", "2"]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.says(&format!("wait-flood {}", upstream.url("/"))).await;
    let mut first = upstream.is_asked().await;
    first.begins().await;
    let mut second = upstream.is_asked().await;
    second.begins().await;
    let refused = client.hears().await;
    assert!(refused.starts_with("2 and ") && refused.contains("ConnectionLimitReached"), "{refused}");
    client.says(&format!("wait {}", upstream.url("/"))).await;
    upstream.is_asked().await.answers("there is room again").await;
    assert_eq!(client.hears().await, "200 there is room again");
}

#[test]
fn inspect_says_what_wasi_http_is_for() {
    let output = crate::support::command().arg("inspect").arg(crate::support::guest("caller")).output().expect("ws-host starts");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let has = |interface: &str, words: &str| report.lines().any(|line| line.contains(interface) && line.contains(words));
    assert!(has("wasi:http/outgoing-handler@0.2.", "sends HTTP requests and waits for the answer"), "{report}");
    assert!(output.status.success() && has("wasi:http/types@0.2.", "shared types"), "{report}");
}
