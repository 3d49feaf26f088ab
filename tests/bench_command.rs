//! `ws-host bench`: its numbers are consistent, and errors are reported.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use crate::support::http::ACCEPT;
use crate::support::tls::{Certificate, Files};
use crate::support::{Host, command, fails, fails_with_log};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

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

/// All expected messages have arrived, and no others.
fn is_whole(report: &Value) {
    assert!(number(report, "sent") > 0, "{report}");
    assert_eq!(number(report, "received"), number(report, "expected"), "{report}");
    assert_eq!((number(&report["connections"], "failed"), number(&report["connections"], "lost")), (0, 0), "{report}");
}

#[test]
fn an_echo_returns_each_message() {
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
    // 1,000 a second for 250 ms. Without a rate it would be tens of thousands; on a busy machine the end comes some milliseconds late.
    assert!((200..=500).contains(&number(&report, "sent")), "{report}");
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
fn rooms_receive_only_their_own_messages() {
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
fn the_servers_cost_is_read_from_its_process() {
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
        // The first connection only checks that a server listens.
        for (stream, answer) in listener.incoming().skip(1).zip([welcome.as_str(), full, "", full]) {
            let mut stream = stream.expect("a connection comes");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
            // It is closed without an answer.
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
fn an_absent_server_is_reported_in_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    drop(listener);
    let line = fails(&["bench", &format!("ws://{address}/")]);
    assert!(line.contains("cannot connect to ws://127.0.0.1") && line.contains("is the server running?"), "{line}");
    assert!(line.contains("Connection refused"), "{line}");
}

#[test]
fn a_wrong_answer_is_reported_in_one_line() {
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

/// A host with TLS, and a file with its certificate.
fn secure(guest: &str) -> (Host, Files) {
    secure_with(guest, &Certificate::new())
}

fn secure_with(guest: &str, certificate: &Certificate) -> (Host, Files) {
    let files = Files::of(certificate);
    let host = Host::run_with(guest, &files.flags().each_ref().map(String::as_str));
    (host, files)
}

/// The URL of a host with TLS, by the name in its certificate.
fn secure_url(host: &Host, path: &str) -> String {
    format!("wss://localhost:{}{path}", host.port())
}

fn path_of(files: &Files) -> String {
    files.certificate().to_string_lossy().into_owned()
}

#[test]
fn an_echo_over_tls_returns_each_message() {
    let (host, files) = secure("echo");
    let (url, ca) = (secure_url(&host, "/"), path_of(&files));
    for arguments in [
        ["--ca", &ca, "--connections", "20"].as_slice(),
        &["--insecure", "--connections", "20", "--rate", "1000"],
        &["--insecure", "--connections", "3", "--size", "64KiB", "--binary"],
        &["--insecure", "--connections", "2", "--in-flight", "50", "--size", "0"],
        &["--insecure", "--connections", "2", "--in-flight", "20", "--size", "16KiB", "--binary"],
        &["--insecure", "--connections", "5", "--compression", "--size", "1KiB"],
    ] {
        let report = bench_url(&url, arguments);
        is_whole(&report);
        assert_eq!((number(&report, "sent"), number(&report, "stray")), (number(&report, "received"), 0), "{report}");
        assert!(number(&report, "messages") > 0, "{report}");
    }
}

#[test]
fn a_message_that_no_socket_takes_at_once_goes_over_tls_in_parts() {
    let files = Files::of(&Certificate::new());
    let [a, b, c, d] = files.flags();
    let limits = ["--max-message", "16MiB", "--outbox-soft", "32MiB", "--outbox-hard", "64MiB", "--guest-memory", "256MiB"];
    let host = Host::run_with("echo", &[&[a.as_str(), &b, &c, &d], limits.as_slice()].concat());
    let large = ["--insecure", "--connections", "1", "--size", "12MiB", "--binary"];
    is_whole(&bench_url(&secure_url(&host, "/"), &large));
}

#[test]
fn the_other_modes_work_over_tls_too() {
    let (host, files) = secure("chat");
    let (url, pid) = (secure_url(&host, "/"), host.pid().to_string());
    let trusting = |arguments: &[&str]| bench_url(&url, &[&["--ca", &path_of(&files)], arguments].concat());
    let report = trusting(&["--mode", "fan-out", "--connections", "10", "--senders", "0"]);
    is_whole(&report);
    assert_eq!(number(&report, "received"), 10 * number(&report, "sent"), "{report}");
    let report = trusting(&["--mode", "connect", "--connections", "4"]);
    is_whole(&report);
    assert!(number(&report, "messages") > 0, "{report}");
    let report = trusting(&["--mode", "idle", "--connections", "50", "--pid", &pid]);
    assert_eq!(number(&report["connections"], "opened"), 50, "{report}");
    assert!(number(&report["server"], "memory_before") > 1 << 20, "{report}");
}

/// Serves one client after the other: greets it, reads its close frame and answers that. Returns for each the kind of its handshake, and whether
/// it ended its session in order.
fn serve_one_by_one(listener: &TcpListener, certificate: &Certificate, tell: &Sender<(Option<HandshakeKind>, bool)>) {
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("the key is in PEM");
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.clone()], key)
        .expect("the key belongs to the certificate");
    let config = Arc::new(config);
    for socket in listener.incoming() {
        let session = ServerConnection::new(Arc::clone(&config)).expect("a session can be begun");
        let mut stream = StreamOwned::new(session, socket.expect("a connection comes"));
        // The first only checks that a server listens.
        let Ok(1..) = stream.read(&mut [0; 1024]) else { continue };
        let welcome = format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n");
        stream.write_all(welcome.as_bytes()).expect("the client takes an answer");
        stream.read_exact(&mut [0; 8]).expect("a close frame comes");
        stream.write_all(&[0x88, 2, 0x03, 0xe8]).expect("the client takes a close frame");
        let in_order = matches!(stream.read(&mut [0; 1]), Ok(0));
        let _ = tell.send((stream.conn.handshake_kind(), in_order));
    }
}

#[test]
fn connections_that_come_and_go_resume_no_session_and_end_it_in_order() {
    let certificate = Certificate::new();
    let files = Files::of(&certificate);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let (tell, told) = channel();
    std::thread::spawn(move || serve_one_by_one(&listener, &certificate, &tell));
    let url = format!("wss://localhost:{port}/");
    let report = bench_url(&url, &["--mode", "connect", "--connections", "1", "--ca", &path_of(&files)]);
    is_whole(&report);
    let told: Vec<_> = told.try_iter().collect();
    assert!(told.len() > 2, "{report}");
    for (kind, in_order) in told {
        assert!(kind.is_some_and(|kind| kind != HandshakeKind::Resumed), "{kind:?}");
        assert!(in_order, "the client says that it ends the session");
    }
}

#[test]
fn an_untrusted_certificate_is_reported_in_one_line_with_a_remedy() {
    let (host, files) = secure("echo");
    let (url, ca) = (secure_url(&host, "/"), path_of(&files));
    let told = |arguments: &[&str], system: &str| {
        let mut bench = command();
        bench.arg("bench").args(arguments).env("SSL_CERT_FILE", system).env_remove("SSL_CERT_DIR");
        let (line, log) = fails_with_log(&mut bench);
        assert_eq!(log, "", "nothing but the line {line:?}");
        line
    };
    let other = Files::of(&Certificate::new());
    let other = path_of(&other);
    for arguments in [[&url, "--mode", "echo"].as_slice(), &[&url, "--mode", "connect"], &[&url, "--ca", &other]] {
        let line = told(arguments, &other);
        assert!(line.contains("its certificate is not accepted: no trusted authority has signed it"), "{line}");
        assert!(line.contains("with --ca, or use --insecure"), "{line}");
    }
    let line = told(&[&format!("wss://{}/", host.address), "--ca", &ca], &ca);
    assert!(line.contains("127.0.0.1") && line.contains("Use a name that it has, or --insecure"), "{line}");
    let (host, files) = secure_with("echo", &Certificate::of_authority());
    let line = told(&[&secure_url(&host, "/"), "--ca", &path_of(&files)], &ca);
    assert!(line.contains("CA:FALSE, or use --insecure"), "{line}");
    let line = told(&[&url], "no/such/file.pem");
    assert!(line.contains("this system has no certificates") && line.contains("with --ca,"), "{line}");
}

#[test]
fn the_authorities_of_the_system_are_trusted() {
    let (host, files) = secure("echo");
    let times = ["--warm-up", "50ms", "--duration", "100ms"];
    let mut bench = command();
    bench.args(["bench", &secure_url(&host, "/")]).args(times).env("SSL_CERT_FILE", files.certificate());
    let output = bench.output().expect("ws-host starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_server_without_tls_is_reported_in_one_line() {
    let host = Host::run("echo");
    let line = fails(&["bench", &secure_url(&host, "/"), "--insecure"]);
    assert!(line.contains("is it a ws:// server?"), "{line}");
    let (host, _files) = secure("echo");
    let line = fails(&["bench", &host.url("/")]);
    assert!(line.contains("400"), "{line}");
}

#[test]
fn files_without_authorities_are_refused() {
    let files = Files::of(&Certificate::new());
    let key = files.key().to_string_lossy().into_owned();
    for (file, words) in [("no/such/file.pem", "No such file"), (&key, "-----BEGIN CERTIFICATE-----")] {
        let line = fails(&["bench", "wss://localhost:1/", "--ca", file]);
        assert!(line.contains(&format!("--ca {file}")) && line.contains(words), "{line}");
    }
}

#[test]
fn contradictory_arguments_are_refused() {
    for (arguments, word) in [
        (["ws://localhost:1/", "--rooms", "2"], "{room}"),
        (["ws://localhost:1/", "--connections", "0"], "1 or more"),
        (["ws://localhost:1/", "--rate", "0"], "above 0"),
        (["http://localhost:1/", "--size", "1"], "no WebSocket URL"),
        (["ws://localhost:1/", "--ca", "cert.pem"], "--ca is for wss:// URLs"),
        (["ws://localhost:1/", "--connections", "100000000"], "ulimit -n"),
    ] {
        let line = fails(&[["bench"].as_slice(), &arguments].concat());
        assert!(line.contains(word), "{word}: {line}");
    }
    let line = fails(&["bench", "ws://localhost:1/", "--insecure"]);
    assert!(line.contains("--insecure is for wss:// URLs"), "{line}");
    let both =
        command().args(["bench", "wss://localhost:1/", "--insecure", "--ca", "cert.pem"]).output().expect("ws-host starts");
    assert_eq!(both.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&both.stderr).contains("cannot be used with"), "{both:?}");
}
