//! Admission: how many clients may connect, from where and how fast, and the answers to refused ones.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::http::{Answer, Raw, ask, request, upgrade};
use crate::support::{Client, Host, command, fails, guest};

/// A connected client. Dropping it ends its connection.
fn connected(host: &Host, headers: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/", headers).as_bytes());
    assert_eq!(raw.head().status, 101);
    raw
}

/// A complete refusal, which has a reason and ends the connection.
fn refused(host: &Host, request: &str) -> Answer {
    let answer = ask(&host.address, request);
    assert!(answer.status >= 400, "{answer:?}");
    is_whole(&answer);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    answer
}

fn is_whole(answer: &Answer) {
    assert!(answer.header("connection").split(", ").any(|option| option == "close"), "{answer:?}");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{answer:?}");
}

/// Asks until it is admitted: permits are returned a moment after the end of their connection.
fn is_admitted_in_the_end(host: &Host) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let mut raw = Raw::connect(&host.address);
        raw.says(upgrade("/", &[]).as_bytes());
        if raw.head().status == 101 {
            return;
        }
        assert!(Instant::now() < end, "there is a place again");
        std::thread::yield_now();
    }
}

#[test]
fn every_refusal_ends_the_connection_and_says_what_would_help() {
    let host = Host::run_with("probe", &["--instances", "per-room", "--room-path", "/chat/{room}"]);
    let upgrade = |changes: &[(&str, &str)]| upgrade("/chat/a", changes);
    assert_eq!(refused(&host, &upgrade(&[("Sec-WebSocket-Key", "short")])).status, 400);
    assert_eq!(refused(&host, &upgrade(&[("Origin", "http://evil.example")])).status, 403);
    assert_eq!(refused(&host, &upgrade(&[]).replacen("/chat/a", "/elsewhere", 1)).status, 404);
    let post = refused(&host, &upgrade(&[]).replacen("GET", "POST", 1));
    assert_eq!((post.status, post.header("allow")), (405, "GET"));
    let old = refused(&host, &upgrade(&[("Sec-WebSocket-Version", "8")]));
    assert_eq!((old.status, old.header("sec-websocket-version"), old.header("upgrade")), (426, "13", "websocket"));
    assert_eq!(refused(&host, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").header("allow"), "GET, HEAD, OPTIONS");
    assert_eq!(refused(&host, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
}

#[test]
fn a_request_that_is_no_http_is_answered_all_the_same() {
    let host = Host::run("echo");
    for nonsense in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/7.0\r\n\r\n"] {
        let answer = ask(&host.address, nonsense);
        assert_eq!(answer.status, 400, "{nonsense:?}");
        is_whole(&answer);
    }
}

#[test]
fn http_1_0_has_the_page_and_no_websocket() {
    let host = Host::run("echo");
    let old = |request: String| request.replacen("HTTP/1.1", "HTTP/1.0", 1);
    assert_eq!(ask(&host.address, &old(request("GET /"))).status, 200);
    assert_eq!(refused(&host, &old(upgrade("/", &[]))).status, 505);
}

#[test]
fn a_full_server_says_503_and_serves_again_after_a_client_leaves() {
    let mut host = Host::run_with("echo", &["--max-connections", "2"]);
    host.logs("connections at a time: 2");
    let (_one, two) = (connected(&host, &[]), connected(&host, &[]));
    let full = refused(&host, &upgrade("/", &[]));
    assert_eq!((full.status, full.header("retry-after")), (503, "5"));
    assert_eq!(full.body, b"there are too many connections to this server\n");
    host.logs("refused with 503: there are too many connections to this server");
    drop(two);
    is_admitted_in_the_end(&host);
}

#[test]
fn every_503_says_when_to_try_again() {
    let unavailable = |host: &Host, request: &str, why: &str| {
        let answer = refused(host, request);
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{why}");
        assert!(String::from_utf8_lossy(&answer.body).contains(why), "{answer:?}");
    };
    let host = Host::run_with("echo", &["--max-room-clients", "1"]);
    let _inside = connected(&host, &[]);
    unavailable(&host, &upgrade("/", &[]), "the room admits no new clients");
    let host = Host::run_with("echo", &["--instances", "per-room", "--max-rooms", "1"]);
    let _inside = connected(&host, &[]);
    unavailable(&host, &upgrade("/another", &[]), "the room admits no new clients");
}

#[test]
fn a_client_that_connects_during_the_shutdown_is_told_so() {
    let host = Host::run("echo");
    let mut late = Raw::connect(&host.address);
    let request = upgrade("/", &[]);
    late.says(&request.as_bytes()[..20]);
    // The shard accepts no new client after it has closed the existing ones. This one does not answer, so the drain waits for it.
    let mut inside = connected(&host, &[]);
    host.signal("TERM");
    assert_eq!(inside.is_closed().0, 1001);
    late.says(&request.as_bytes()[20..]);
    let answer = late.answer();
    assert_eq!((answer.status, answer.header("retry-after"), answer.header("connection")), (503, "5", "close"));
    assert_eq!(answer.body, b"the server shuts down\n");
}

#[test]
fn one_address_has_a_limit_of_its_own() {
    let mut host = Host::run_with("echo", &["--max-per-address", "2"]);
    let (_one, two) = (connected(&host, &[]), connected(&host, &[]));
    let third = refused(&host, &upgrade("/", &[]));
    assert_eq!((third.status, third.header("retry-after")), (429, "5"));
    assert_eq!(third.body, b"there are too many connections from this address\n");
    host.logs("refused with 429: there are too many connections from this address");
    drop(two);
    is_admitted_in_the_end(&host);
}

#[test]
fn connections_above_the_accept_rate_wait_and_are_not_refused() {
    let host = Host::run_with("echo", &["--accept-rate", "1/s"]);
    let begun = Instant::now();
    let _clients: Vec<_> = (0..3).map(|_| connected(&host, &[])).collect();
    // A slow machine cannot break this lower bound: the third is due two seconds after the first.
    assert!(begun.elapsed() >= Duration::from_millis(1900), "{:?}", begun.elapsed());
}

#[test]
fn the_largest_request_can_be_chosen() {
    let long = |bytes: usize| upgrade("/", &[("X-Long", &"x".repeat(bytes))]);
    let host = Host::run_with("echo", &["--max-request", "8KiB"]);
    let answer = ask(&host.address, &long(9 << 10));
    assert_eq!(answer.status, 431);
    is_whole(&answer);
    let host = Host::run_with("echo", &["--max-request", "64KiB"]);
    let mut raw = Raw::connect(&host.address);
    raw.says(long(60 << 10).as_bytes());
    assert_eq!(raw.head().status, 101);
}

/// The answer to a client that gets it before it sends most of its request. If the host closed the connection with bytes
/// unread, sending would fail, and a reset could discard the answer.
fn answer_to_who_goes_on_sending(host: &Host, head: &str) -> Answer {
    let mut raw = Raw::connect(&host.address);
    raw.says(head.as_bytes());
    raw.is_answered();
    for _ in 0..5 {
        raw.says(&[b'x'; 60 << 10]);
    }
    raw.answer()
}

#[test]
fn a_refusal_arrives_although_the_client_is_still_sending() {
    let host = Host::run("echo");
    let requests = [
        (upgrade("/", &[("X-Long", &"x".repeat(20 << 10))]), 431),
        (upgrade("/", &[("Sec-WebSocket-Version", "8")]), 426),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 307200\r\n\r\n".to_owned(), 405),
    ];
    for (head, status) in requests {
        for _ in 0..5 {
            assert_eq!(answer_to_who_goes_on_sending(&host, &head).status, status);
        }
    }
}

#[test]
fn a_full_servers_refusal_arrives_too() {
    let host = Host::run_with("echo", &["--max-connections", "1"]);
    let _inside = connected(&host, &[]);
    for _ in 0..5 {
        assert_eq!(answer_to_who_goes_on_sending(&host, "GET / HTTP/1.1\r\n").status, 503);
    }
}

/// `ws-host run` with a limit on descriptors, started by a shell.
fn run_with_descriptors(descriptors: usize, arguments: &[&str]) -> Host {
    let binary = command().get_program().to_owned();
    let mut shell = Command::new("sh");
    shell.env_remove("RUST_LOG").args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"")]).arg(binary);
    shell.arg("run").arg(guest("echo")).args(["--port", "0"]).args(arguments);
    Host::start(shell)
}

#[test]
fn the_number_of_connections_follows_from_the_descriptors() {
    let mut host = run_with_descriptors(100, &[]);
    host.logs("connections at a time: 68, 90 % of the 100 descriptors (ulimit -n)");
    let mut host = run_with_descriptors(100, &["--max-connections", "1000"]);
    host.logs("the limit of 1000 connections is more than the 100 descriptors of this process");
}

#[test]
fn without_free_descriptors_new_connections_wait_and_the_log_says_so_once() {
    let mut host = run_with_descriptors(64, &["--max-connections", "1000"]);
    // The backlog takes all of them, with or without free descriptors.
    let waiting: Vec<_> = (0..80).map(|_| Raw::connect(&host.address)).collect();
    host.logs("no connection can be accepted for now, and they wait: Too many open files");
    // Meanwhile the accept loop tries again several times.
    drop((Host::run("echo"), Host::run("echo")));
    drop(waiting);
    is_admitted_in_the_end(&host);
    assert!(ticks(host.pid()) < 300, "it has not spun: {} ticks", ticks(host.pid()));
    host.signal("TERM");
    let log = host.rest_of_log();
    assert_eq!(log.matches("no connection can be accepted").count(), 0, "{log}");
}

/// The CPU time of a process, in hundredths of a second.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let fields: Vec<_> = stat.rsplit(')').next().expect("the name ends").split_whitespace().collect();
    [11, 12].iter().map(|field| fields[*field].parse::<u64>().expect("times are numbers")).sum()
}

/// The guest's view of the only client, whose request is marked as forwarded for these addresses.
async fn described(proxy: &str, forwarded_for: &str) -> String {
    let host = Host::run_with("probe", &["--trusted-proxy", proxy]);
    let (client, _) = Client::connect_with(&host, "/", &[("x-forwarded-for", forwarded_for)]).await;
    let (mut client, id) = client.has_joined().await;
    client.asks(&format!("get {id}")).await
}

#[tokio::test]
async fn a_trusted_proxy_tells_the_guest_who_the_client_is() {
    for (said, seen) in [
        ("203.0.113.5", "ip=203.0.113.5 "),
        ("1.1.1.1, 203.0.113.5:4711, 127.0.0.7", "ip=203.0.113.5 "),
        ("203.0.113.5, ,", "ip=203.0.113.5 "),
        ("unknown", "ip=127.0.0.1 "),
        ("2001:db8::1", "ip=2001:db8::1 "),
    ] {
        let address = described("127.0.0.0/8", said).await;
        assert!(address.contains(seen), "{said}: {address}");
    }
}

#[tokio::test]
async fn other_peers_are_not_trusted() {
    let address = described("10.0.0.7", "203.0.113.5").await;
    assert!(address.contains("ip=127.0.0.1 "), "{address}");
}

#[test]
fn behind_a_proxy_the_limit_for_an_address_is_about_the_client() {
    let mut host = Host::run_with("echo", &["--trusted-proxy", "127.0.0.1", "--max-per-address", "1", "-v"]);
    let from = |address| [("X-Forwarded-For", address)];
    let _one = connected(&host, &from("203.0.113.5"));
    let _two = connected(&host, &from("203.0.113.6"));
    host.logs("address=203.0.113.6:0 proxy=127.0.0.1:");
    let again = refused(&host, &upgrade("/", &from("9.9.9.9, 203.0.113.5")));
    assert_eq!((again.status, again.header("retry-after")), (429, "5"));
    host.logs("address=203.0.113.5:0");
}

/// The answer to a request behind this PROXY protocol header, on a connection from this machine.
fn announced(host: &Host, header: &[u8], request: &str) -> Raw {
    let mut raw = Raw::connect(&host.address);
    raw.says(&[header, request.as_bytes()].concat());
    raw
}

#[test]
fn a_trusted_proxy_can_tell_by_the_proxy_protocol_too() {
    let arguments = ["--trusted-proxy", "127.0.0.1", "--proxy-protocol", "--max-per-address", "1", "-v"];
    let mut host = Host::run_with("echo", &arguments);
    let headers = [
        (b"PROXY TCP4 203.0.113.5 10.0.0.1 4711 80\r\n".to_vec(), "address=203.0.113.5:4711"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x06\x0a\0\0\x01\x12\x67\0\x50".to_vec(), "address=203.0.113.6:4711"),
    ];
    let mut inside = Vec::new();
    for (header, address) in &headers {
        let mut raw = announced(&host, header, &upgrade("/", &[("X-Forwarded-For", "9.9.9.9")]));
        assert_eq!(raw.head().status, 101);
        host.logs(address);
        inside.push(raw);
    }
    let mut again = announced(&host, &headers[0].0, &upgrade("/", &[]));
    assert_eq!(again.answer().status, 429, "the limit is about the client");
    let mut in_pieces = Raw::connect(&host.address);
    for piece in b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 80\r\n".chunks(5) {
        in_pieces.says(piece);
    }
    in_pieces.says(upgrade("/", &[]).as_bytes());
    assert_eq!(in_pieces.head().status, 101);
    assert!(announced(&host, b"", &upgrade("/", &[])).ends(), "a proxy that says nothing is not served");
}

#[test]
fn a_client_from_the_proxys_own_network_cannot_name_another_address() {
    let mut host = Host::run_with("echo", &["--trusted-proxy", "127.0.0.0/8", "--proxy-protocol", "-v"]);
    let header = b"PROXY TCP4 127.0.0.9 127.0.0.1 4711 80\r\n";
    let mut raw = announced(&host, header, &upgrade("/", &[("X-Forwarded-For", "203.0.113.5")]));
    assert_eq!(raw.head().status, 101);
    host.logs("address=127.0.0.9:4711");
}

#[test]
fn other_peers_are_not_trusted_by_the_proxy_protocol() {
    let host = Host::run_with("echo", &["--trusted-proxy", "10.0.0.7", "--proxy-protocol"]);
    let mut raw = announced(&host, b"PROXY TCP4 203.0.113.5 10.0.0.1 4711 80\r\n", &upgrade("/", &[]));
    assert_eq!(raw.answer().status, 400, "without the flag it is invalid HTTP");
    connected(&host, &[]);
}

#[test]
fn a_mistaken_setting_is_refused_at_the_start_with_a_suggestion() {
    let echo = guest("echo").to_string_lossy().into_owned();
    let cases = [
        (["--allow-origin", "app.example"], "\"app.example\" is no origin; did you mean https://app.example?"),
        (["--trusted-proxy", "localhost"], "\"localhost\" is no address of a proxy"),
        (["--trusted-proxy", "::ffff:10.0.0.0/8"], "\"::ffff:10.0.0.0/8\" is no address of a proxy"),
        (
            ["--outbox-soft", "2MiB"],
            "(--outbox-soft, 2097152 bytes) is above the hard limit of an outbox (--outbox-hard, 1048576 bytes)",
        ),
        (["--max-message", "2MiB"], "raise --outbox-hard"),
        (["--max-connections", "0"], "(--max-connections) must be 1 at least"),
        (["--ping", "0s"], "(--ping) must not be 0"),
        (["--max-request", "1KiB"], "8KiB is the least"),
    ];
    for (arguments, expected) in cases {
        let line = fails(&[&["run", &echo, "--port", "0"], &arguments[..]].concat());
        assert!(line.contains(expected), "{line}");
    }
}
