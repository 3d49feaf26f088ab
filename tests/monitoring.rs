//! Metrics and probes of the real binary, and the files that are made for them.

use crate::metrics::Samples;
use crate::support::http::{ask, request};
use crate::support::{Client, Embedded, Host, Upstream, guest};
use ws_host::Server;

/// A server that tells its numbers at an address of its own.
struct Watched {
    host: Host,
    door: String,
}

impl Watched {
    fn run(guest: &str, more: &[&str]) -> Self {
        let mut host = Host::run_with(guest, &[&["--health", "127.0.0.1:0"], more].concat());
        let door = host.door("metrics and probes at http://");
        Self { host, door }
    }

    /// The status and the body of a path of the door.
    fn asked(&self, path: &str) -> (u16, String) {
        let answer = ask(&self.door, &request(&format!("GET {path}")));
        (answer.status, String::from_utf8(answer.body).expect("the body is text"))
    }

    fn samples(&self) -> Samples {
        Samples::parse(&self.asked("/metrics").1)
    }
}

#[tokio::test]
async fn the_door_for_monitoring_serves_metrics_and_probes_and_nothing_else() {
    let watched = Watched::run("echo", &[]);
    let mut client = Client::connect(&watched.host).await;
    assert_eq!(client.asks("hello").await, "hello");
    let answer = ask(&watched.door, &request("GET /metrics"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let samples = watched.samples();
    assert_eq!((samples.of("ws_host_connections"), samples.of("ws_host_messages_received_total")), (1.0, 1.0));
    assert_eq!(samples.of(&format!("ws_host_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
    assert_eq!(watched.asked("/healthz"), (200, "ok\n".into()));
    assert_eq!(watched.asked("/readyz"), (200, "ready\n".into()));
    assert_eq!((watched.asked("/v1/status").0, watched.asked("/").0), (404, 404));
    assert_eq!(ask(&watched.host.address, &request("GET /metrics")).status, 404, "strangers do not see them");
}

#[tokio::test]
async fn traps_and_requests_to_servers_are_counted() {
    let watched = Watched::run("caller", &["--allow-http", "localhost", "--allow-http-private", "127.0.0.0/8"]);
    let upstream = Upstream::new().await;
    let mut client = Client::connect(&watched.host).await;
    client.asks(&format!("get {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(watched.samples().of("ws_host_fetches_running"), 1.0);
    asked.answers("an answer").await;
    client.hears().await;
    client.asks("get http://elsewhere.example/").await;
    let samples = watched.samples();
    let outcome = |name: &str| samples.of(&format!("ws_host_fetches_total{{outcome=\"{name}\"}}"));
    assert_eq!((outcome("answered"), outcome("refused"), samples.of("ws_host_fetches_running")), (1.0, 1.0, 0.0));
    client.says("trap").await;
    client.is_closed().await;
    drop(client);
    assert_eq!(watched.samples().of("ws_host_handler_traps_total{handler=\"on-message\"}"), 1.0);
    assert_eq!(watched.samples().of("ws_host_handler_calls_total{handler=\"launch\"}"), 2.0);
}

#[tokio::test]
async fn a_server_is_not_ready_from_sigterm_on_and_serves_until_the_drain_delay_is_over() {
    let mut watched = Watched::run("echo", &["--drain-delay", "1h"]);
    watched.host.signal("TERM");
    watched.host.logs("not ready any more");
    assert_eq!(watched.asked("/readyz"), (503, "stopping\n".into()));
    assert_eq!(watched.asked("/healthz").0, 200);
    assert_eq!(watched.samples().of("ws_host_draining"), 1.0);
    let mut client = Client::connect(&watched.host).await;
    assert_eq!(client.asks("still here").await, "still here");
    watched.host.signal("TERM");
    watched.host.ended();
}

#[tokio::test]
async fn the_shutdown_follows_the_drain_delay() {
    let mut watched = Watched::run("echo", &["--drain-delay", "10ms"]);
    let mut client = Client::connect(&watched.host).await;
    client.asks("hello").await;
    watched.host.signal("TERM");
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(watched.host.ended().success());
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_name_metrics_that_exist() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let server = Embedded::start(Server::builder().component(guest("echo")).data(folder.path()));
    let text = server.handle.metrics().await.to_string();
    let mut seen = 0;
    for file in [include_str!("../deploy/grafana-dashboard.json"), include_str!("../deploy/alerts.yml")] {
        let words = file.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in words.filter(|word| word.starts_with("ws_host_") || word.starts_with("process_")) {
            let is_told = text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
            assert!(is_told, "there is no {name}");
            seen += 1;
        }
    }
    assert!(seen > 40, "the files were understood: {seen}");
    serde_json::from_str::<serde_json::Value>(include_str!("../deploy/grafana-dashboard.json")).expect("it is JSON");
}

#[tokio::test]
#[ignore = "`cargo xtask test metrics` installs promtool and runs this"]
async fn promtool_has_nothing_against_the_metrics() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let server = Embedded::start(Server::builder().component(guest("echo")).data(folder.path()));
    let text = server.handle.metrics().await.to_string();
    let mut checking =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn().expect("promtool starts");
    checking.stdin.take().expect("stdin is piped").write_all(text.as_bytes()).expect("promtool reads it");
    assert!(checking.wait().expect("promtool ends").success());
}
