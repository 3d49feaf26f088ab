//! `ws-host bench`: its numbers are consistent, and what goes wrong is told.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;
use support::http::ACCEPT;
use support::{Host, command, fails};

/// Runs `ws-host bench --json` on a host for a short time.
fn bench(host: &Host, path: &str, arguments: &[&str]) -> Value {
    bench_url(&host.url(path), arguments)
}

fn bench_url(url: &str, arguments: &[&str]) -> Value {
    let times = ["--warm-up", "50ms", "--duration", "200ms"];
    let output = command().args(["bench", url, "--json"]).args(times).args(arguments).output().expect("ws-host starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "nothing on stderr: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the report is JSON")
}

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("{name} is a number in {report}"))
}

/// Everything that was sent has led to all that it should, and nothing else has come.
fn is_whole(report: &Value) {
    assert!(number(report, "sent") > 0, "{report}");
    assert_eq!(number(report, "received"), number(report, "expected"), "{report}");
    assert_eq!((number(&report["connections"], "failed"), number(&report["connections"], "lost")), (0, 0), "{report}");
}

#[test]
fn an_echo_brings_back_what_was_sent() {
    let host = Host::run("echo");
    for arguments in [
        ["--connections", "20"].as_slice(),
        &["--connections", "3", "--size", "64KiB", "--binary"],
        &["--connections", "2", "--in-flight", "50", "--size", "0"],
        &["--connections", "5", "--compression", "--size", "1KiB"],
        &["--connections", "5", "--ramp", "50ms"],
    ] {
        let report = bench(&host, "/", arguments);
        is_whole(&report);
        assert_eq!(number(&report, "sent"), number(&report, "received"), "{report}");
        assert_eq!(number(&report, "stray"), 0, "{report}");
        let measured = number(&report, "messages");
        assert!(0 < measured && measured <= number(&report, "received"), "the warm-up does not count: {report}");
        let latency = &report["latency_us"];
        let (p50, max) = (latency["p50"].as_f64(), latency["max"].as_f64());
        assert!(Some(0.0) < p50 && p50 <= max, "{report}");
    }
}

#[test]
fn a_rate_decides_how_many_messages_are_sent() {
    let host = Host::run("echo");
    let report = bench(&host, "/", &["--connections", "10", "--rate", "1000"]);
    is_whole(&report);
    // 1,000 a second for 250 ms; the first is due at once.
    assert!((200..=251).contains(&number(&report, "sent")), "{report}");
}

#[test]
fn a_fan_out_reaches_every_member_with_every_message() {
    let host = Host::run("chat");
    let report = bench(&host, "/", &["--mode", "fan-out", "--connections", "20"]);
    is_whole(&report);
    assert_eq!(number(&report, "received"), 20 * number(&report, "sent"), "{report}");
    assert!(number(&report, "stray") > 0, "the greetings are told from the messages: {report}");
    let report = bench(&host, "/", &["--mode", "fan-out", "--connections", "10", "--senders", "0", "--rate", "200"]);
    is_whole(&report);
    assert_eq!(number(&report, "received"), 10 * number(&report, "sent"), "{report}");
}

#[test]
fn rooms_hear_only_their_own_messages() {
    let host = Host::run_with("chat", &["--instances", "per-room", "--room-path", "/chat/{room}"]);
    let report = bench(&host, "/chat/{room}", &["--mode", "fan-out", "--connections", "20", "--rooms", "5", "--senders", "0"]);
    is_whole(&report);
    assert_eq!(number(&report, "received"), 4 * number(&report, "sent"), "{report}");
}

#[test]
fn connections_that_come_and_go_are_counted() {
    let host = Host::run("echo");
    let report = bench(&host, "/", &["--mode", "connect", "--connections", "4"]);
    is_whole(&report);
    assert_eq!(number(&report, "sent"), number(&report, "received"), "{report}");
}

#[test]
fn what_the_server_spends_is_told_by_its_process() {
    let host = Host::run("echo");
    let pid = host.pid().to_string();
    let report = bench(&host, "/", &["--connections", "5", "--pid", &pid]);
    let server = &report["server"];
    assert!(server["cpu_us"].as_f64() > Some(0.0) && report["client_cpu_us"].as_f64() > Some(0.0), "{report}");
    assert!(number(server, "memory_before") > 1 << 20, "{report}");
    let idle = bench(&host, "/", &["--mode", "idle", "--connections", "50", "--pid", &pid]);
    assert_eq!(number(&idle["connections"], "opened"), 50);
}

#[test]
fn connections_that_fail_are_counted_and_the_others_stay() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        let welcome = format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n");
        let full = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
        let mut kept = Vec::new();
        // The first connection only looks whether a server is there.
        for (stream, answer) in listener.incoming().skip(1).zip([welcome.as_str(), full, "", full]) {
            let mut stream = stream.expect("a connection comes");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
            // Without an answer it is closed.
            kept.extend((!answer.is_empty()).then_some(stream));
        }
        let _ = kept[0].read(&mut [0; 1024]);
    });
    let report = bench_url(&format!("ws://{address}/"), &["--mode", "idle", "--connections", "4"]);
    let connections = &report["connections"];
    let [opened, failed, lost] = ["opened", "failed", "lost"].map(|name| number(connections, name));
    assert_eq!((opened, failed, lost), (1, 3, 0), "{report}");
    let reasons = report["reasons"].as_object().expect("reasons have names");
    let why: Vec<_> = reasons.iter().map(|(why, count)| format!("{count}: {why}")).collect();
    assert_eq!(why.len(), 2, "{why:?}");
    assert!(why.iter().any(|why| why.starts_with("2: ") && why.contains("503")), "{why:?}");
    assert!(why.iter().any(|why| why.starts_with("1: ") && why.contains("closed the connection")), "{why:?}");
}

#[test]
fn a_server_that_is_not_there_is_told_in_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    drop(listener);
    let line = fails(&["bench", &format!("ws://{address}/")]);
    assert!(line.contains("cannot connect to ws://127.0.0.1") && line.contains("is the server running?"), "{line}");
    assert!(line.contains("Connection refused"), "{line}");
}

#[test]
fn a_server_that_answers_something_else_is_told_in_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection comes");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
    });
    for mode in ["echo", "connect"] {
        let line = fails(&["bench", &format!("ws://{address}/"), "--mode", mode]);
        assert!(line.contains("404 Not Found"), "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (arguments, word) in [
        (["ws://localhost:1/", "--rooms", "2"], "{room}"),
        (["ws://localhost:1/", "--connections", "0"], "1 or more"),
        (["ws://localhost:1/", "--rate", "0"], "above 0"),
        (["http://localhost:1/", "--size", "1"], "no WebSocket URL"),
        (["wss://localhost:1/", "--size", "1"], "wss:// is not supported"),
        (["ws://localhost:1/", "--connections", "100000000"], "ulimit -n"),
    ] {
        let line = fails(&[["bench"].as_slice(), &arguments].concat());
        assert!(line.contains(word), "{word}: {line}");
    }
}
