//! Traces: spans that reach a collector, and contexts that requests carry.

use crate::support::collector::{Collector, attributes, hex};
use crate::support::tls::{Certificate, Files};
use crate::support::{Client, Host, Swappable, Upstream, command, fails, guest, http};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// A host with the guest `caller`, whose spans go to this URL soon.
fn host(url: &str, more: &[&str], variables: &[(&str, &str)]) -> Host {
    let mut command = command();
    command.arg("run").arg(guest("caller")).args(["--port", "0", "--otlp", url]).args(more);
    command.args(["--allow-http", "localhost", "--allow-http-private", "127.0.0.0/8"]);
    command.env("OTEL_BSP_SCHEDULE_DELAY", "20").envs(variables.iter().copied());
    Host::start(command)
}

async fn connect(host: &Host, flags: &str) -> Client {
    let parent = format!("00-{TRACE}-{CALLER}-{flags}");
    Client::connect_with(host, "/", &[("traceparent", &parent), ("tracestate", "vendor=1")]).await.0
}

/// The value of a header that a request has once.
fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let value = values.next().unwrap_or_default();
    assert_eq!(values.next(), None, "{text}");
    value
}

#[tokio::test]
async fn a_request_of_a_handler_goes_on_with_the_trace_of_its_client() {
    let (mut collector, upstream) = (Collector::new().await, Upstream::new().await);
    let host = host(&collector.url(), &[], &[("OTEL_SERVICE_NAME", "chat"), ("OTEL_RESOURCE_ATTRIBUTES", "team=a")]);
    let mut client = connect(&host, "01").await;
    client.asks(&format!("get {}", upstream.url("/secret?token=1"))).await;
    let mut asked = upstream.is_asked().await;
    asked.answers("here").await;
    client.hears().await;

    let (upgrade, handler) = (collector.span("GET").await, collector.span("on-message").await);
    let (fetch, answered) = (collector.span("GET").await, collector.span("on-response").await);
    for span in [&upgrade, &handler, &fetch, &answered] {
        assert_eq!((hex(&span.trace_id).as_str(), span.trace_state.as_str()), (TRACE, "vendor=1"), "{span:?}");
    }
    assert_eq!(hex(&upgrade.parent_span_id), CALLER);
    assert_eq!((&handler.parent_span_id, &fetch.parent_span_id), (&upgrade.span_id, &handler.span_id));
    assert_eq!(answered.parent_span_id, handler.span_id);
    assert_eq!(header(&asked.text, "traceparent"), format!("00-{TRACE}-{}-01", hex(&fetch.span_id)));
    assert_eq!(header(&asked.text, "tracestate"), "vendor=1");

    let (upgrade, handler, fetch) = (attributes(&upgrade), attributes(&handler), attributes(&fetch));
    assert_eq!((&*upgrade["http.response.status_code"], &*upgrade["url.path"]), ("101", "/"));
    assert_eq!((&*upgrade["client.address"], &*upgrade["http.request.method"]), ("127.0.0.1", "GET"));
    assert_eq!((&*handler["code.function.name"], &*handler["ws_host.room"]), ("on-message", "main"));
    assert_eq!((&*fetch["http.response.status_code"], &*fetch["server.address"]), ("200", "localhost"));
    assert_eq!(fetch["url.full"], upstream.url("/secret"));
    assert_eq!((&*collector.resource["service.name"], &*collector.resource["team"]), ("chat", "a"));
    assert!(collector.head.starts_with("post /v1/traces http/1.1\r\n"), "{}", collector.head);
    assert_eq!(header(&collector.head, "content-type"), "application/x-protobuf");
}

#[tokio::test]
async fn a_request_that_a_handler_waits_for_carries_the_trace_too_and_a_guests_own_context_wins() {
    let (mut collector, upstream) = (Collector::new().await, Upstream::new().await);
    let host = host(&collector.url(), &[], &[]);
    let mut client = connect(&host, "01").await;
    client.says(&format!("wait {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    asked.answers("here").await;
    client.hears().await;
    let (upgrade, fetch, handler) =
        (collector.span("GET").await, collector.span("GET").await, collector.span("on-message").await);
    assert_eq!((&handler.parent_span_id, &fetch.parent_span_id), (&upgrade.span_id, &handler.span_id));
    assert_eq!(header(&asked.text, "traceparent"), format!("00-{TRACE}-{}-01", hex(&fetch.span_id)));

    // A server of its own: the connection to the other one is kept.
    let other = Upstream::new().await;
    client.asks(&format!("own-trace {}", other.url("/"))).await;
    let asked = other.is_asked().await;
    assert_eq!(header(&asked.text, "traceparent"), "00-11111111111111111111111111111111-2222222222222222-01");
    assert_eq!(header(&asked.text, "tracestate"), "");
}

#[tokio::test]
async fn a_trace_that_its_sender_does_not_keep_is_passed_on_and_not_collected() {
    let (mut collector, upstream) = (Collector::new().await, Upstream::new().await);
    let host = host(&collector.url(), &["--otlp-sample", "0"], &[]);
    let (mut unkept, mut new, mut kept) = (connect(&host, "00").await, Client::connect(&host).await, connect(&host, "01").await);
    unkept.asks(&format!("get {}", upstream.url("/"))).await;
    let asked = upstream.is_asked().await;
    let parent = header(&asked.text, "traceparent");
    assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-00"), "{parent}");
    new.asks(&format!("get {}", upstream.url("/"))).await;
    let asked = upstream.is_asked().await;
    let parent = header(&asked.text, "traceparent");
    assert!(!parent.contains(TRACE) && parent.ends_with("-00"), "{parent}");
    kept.says("hello").await;
    let (upgrade, handler) = (collector.span("GET").await, collector.span("on-message").await);
    assert_eq!((hex(&handler.trace_id).as_str(), &handler.parent_span_id), (TRACE, &upgrade.span_id));
}

#[tokio::test]
async fn a_message_to_another_room_goes_on_with_the_trace() {
    let mut collector = Collector::new().await;
    let host = host(&collector.url(), &["--instances", "per-room", "--room-path", "/chat/{room}"], &[]);
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let _there = Client::connect_to(&host, "/chat/b").await;
    collector.span("GET /chat/{room}").await;
    let (mut client, _) = Client::connect_with(&host, "/chat/a", &[("traceparent", &parent)]).await;
    assert_eq!(client.asks("tell b").await, "told");
    let (upgrade, handler, event) =
        (collector.span("GET /chat/{room}").await, collector.span("on-message").await, collector.span("on-event").await);
    assert_eq!((hex(&event.trace_id).as_str(), &event.parent_span_id), (TRACE, &handler.span_id));
    assert_eq!(handler.parent_span_id, upgrade.span_id);
    assert_eq!((&*attributes(&upgrade)["http.route"], &*attributes(&upgrade)["url.path"]), ("/chat/{room}", "/chat/a"));
    assert_eq!((&*attributes(&handler)["ws_host.room"], &*attributes(&event)["ws_host.room"]), ("a", "b"));
}

#[tokio::test]
async fn a_plain_request_its_handler_and_the_commit_are_one_trace() {
    let (mut collector, data) = (Collector::new().await, tempfile::tempdir().expect("a temporary folder can be made"));
    let data = data.path().to_str().expect("the path is text");
    let host = host(&collector.url(), &["--data", data], &[]);
    let parent = format!("traceparent: 00-{TRACE}-{CALLER}-01\r\nHost:");
    let answer = http::ask(&host.address, &http::request("GET /write").replace("Host:", &parent));
    assert_eq!(answer.status, 200);
    let (request, handler, commit) =
        (collector.span("GET").await, collector.span("on-request").await, collector.span("commit").await);
    assert_eq!((hex(&request.trace_id).as_str(), hex(&request.parent_span_id).as_str()), (TRACE, CALLER));
    assert_eq!((&handler.parent_span_id, &commit.parent_span_id), (&request.span_id, &handler.span_id));
    assert_eq!(attributes(&request)["http.response.status_code"], "200");

    http::ask(&host.address, &http::request("GET /trap"));
    let (request, handler) = (collector.span("GET").await, collector.span("on-request").await);
    const ERROR: i32 = 2;
    assert_eq!([&request, &handler].map(|span| span.status.clone().unwrap_or_default().code), [ERROR; 2]);
    assert_eq!((&*attributes(&request)["error.type"], &*attributes(&handler)["error.type"]), ("500", "trap"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn swaps_have_spans_and_the_last_ones_are_sent_at_the_end() {
    let mut collector = Collector::new().await;
    let url = collector.url();
    // Spans wait for 5 s by default.
    let mut host = Swappable::run("one", &["--otlp", &url]);
    host.swap("two");
    assert!(host.ask(&["rollback"]).status.success());
    host.refusal_of(guest("stillborn").to_str().expect("the path is text"));
    host.host.signal("TERM");
    assert!(host.host.ended().success());
    let (swapped, refused) = (collector.span("swap").await, collector.span("swap").await);
    let back = collector.span("rollback").await;
    let [swapped, back] = [swapped, back].map(|span| attributes(&span));
    assert_eq!((&*swapped["ws_host.rooms"], &*back["ws_host.rooms"]), ("1", "1"));
    assert_eq!(swapped["ws_host.release.from"], back["ws_host.release.to"]);
    assert_eq!(swapped["ws_host.release.to"], back["ws_host.release.from"]);
    assert_eq!(attributes(&refused)["error.type"], "refused");
    assert_eq!(collector.resource["service.name"], "ws-host");
}

#[tokio::test]
async fn a_collector_that_is_away_costs_one_line() {
    let nobody = Upstream::new().await;
    let url = format!("http://127.0.0.1:{}", nobody.port());
    drop(nobody);
    let mut host = host(&url, &[], &[]);
    let mut client = Client::connect(&host).await;
    let line = host.logs("does not take spans");
    assert!(line.contains(&format!("{url}/v1/traces")) && line.contains("lost until it does"), "{line}");
    assert_eq!(client.asks("still here").await, "still here");
    host.signal("TERM");
    assert!(host.ended().success());
    assert!(!host.rest_of_log().contains("does not take spans"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn spans_that_are_too_many_for_the_queue_are_counted_and_hold_nobody_up() {
    let mut collector = Collector::busy(None).await;
    let one = [("OTEL_BSP_MAX_QUEUE_SIZE", "1"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
    let mut host = host(&collector.url(), &[], &one);
    assert_eq!(collector.takes().await, 1);
    let mut client = Client::connect(&host).await;
    for _ in 0..100 {
        assert_eq!(client.asks("hello").await, "hello");
    }
    collector.answers();
    // The first one is on its way, the second one waits: the upgrade, `on-new-client` and the messages make 102 more.
    let line = host.logs("spans are lost");
    assert!(line.contains(" 101 spans are lost: more than 1 waited for the collector"), "{line}");
    host.signal("TERM");
    assert!(host.ended().success());
    let rest = host.rest_of_log();
    assert!(!rest.contains("are lost"), "{rest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn spans_reach_a_collector_over_tls_that_the_system_trusts_and_no_other() {
    let certificate = Certificate::new();
    let mut collector = Collector::with_tls(&certificate).await;
    let url = collector.url().replace("http:", "https:");
    let (trusted, another) = (Files::of(&certificate), Files::of(&Certificate::new()));
    let variable = |files: &Files| files.certificate().to_str().expect("the path is text").to_owned();
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20token");
    let _host = host(&url, &[], &[("SSL_CERT_FILE", &variable(&trusted)), headers]);
    collector.span("on-start").await;
    assert_eq!(header(&collector.head, "authorization"), "bearer token");

    let mut host = host(&url, &[], &[("SSL_CERT_FILE", &variable(&another))]);
    assert!(host.logs("does not take spans").contains("certificate"));
}

#[test]
fn a_setting_of_traces_that_is_wrong_is_named_by_its_flag() {
    let guest = guest("one");
    let fails = |arguments: &[&str]| fails(&[&["run", guest.to_str().expect("the path is text")], arguments].concat());
    assert!(fails(&["--otlp", "localhost:4318"]).contains("\"localhost:4318\" is no URL of a collector"));
    let line = fails(&["--otlp", "http://localhost:4318", "--otlp-sample", "7"]);
    assert!(line.contains("7 is no part of all traces") && line.contains("--otlp-sample"), "{line}");
}
