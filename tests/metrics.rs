//! Metrics: each number moves when its event happens.

use std::collections::HashMap;
use std::time::Duration;

use crate::support::http::{Raw, ask, request, text_frame, upgrade};
use crate::support::{Client, Embedded, guest};
use ws_host::app::upgrade::{Decision, UpgradeRequest};
use ws_host::app::{App, ClientId, Fault, Message, Outcome};
use ws_host::config::{Instances, Limits};
use ws_host::{Room, Server};

/// With this timeout a bug fails a test and does not hang it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The samples of a text in Prometheus' format, by name and labels.
pub(crate) struct Samples(HashMap<String, f64>);

impl Samples {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("a sample has a value: {line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("a value is a number: {line}")))
        };
        Self(lines.map(sample).collect())
    }

    pub(crate) fn of(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("{name} is told"))
    }
}

impl Embedded {
    async fn samples(&self) -> Samples {
        Samples::parse(&self.handle.metrics().await.to_string())
    }

    /// Asks until a sample has this value.
    async fn tells(&self, name: &str, value: f64) {
        let told = async { while self.samples().await.of(name) != value {} };
        if tokio::time::timeout(PATIENCE, told).await.is_err() {
            panic!("{name} becomes {value}, not {}", self.samples().await.of(name));
        }
    }
}

/// Does what a message says.
struct Actor;

impl App for Actor {
    const HAS_GATE: bool = true;

    async fn on_upgrade(&mut self, _: &mut Room, request: &UpgradeRequest) -> Result<Decision, Fault> {
        match request.request.path() {
            "/refused" => Ok(Decision::refuse(403)),
            "/closed" => Ok(Decision::Close(4000, "no".into())),
            "/broken" => Ok(Decision::refuse(200)),
            "/wrong" => Ok(Decision::Accept(ws_host::app::upgrade::Acceptance { user: Some("".into()), ..Default::default() })),
            "/failing" => Err(Fault::new("the test asked for it")),
            _ => Ok(Decision::accept()),
        }
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        match message.as_text().unwrap_or_default() {
            "fail" => return Err(Fault::new("the test asked for it")),
            "close" => room.close(from, 4001, "").map_err(|error| Fault::new(error.to_string()))?,
            "wait" => {
                // It is suspended once.
                tokio::task::yield_now().await;
                let _ = room.send(from, "waited");
            }
            "deny" => {
                room.deny_new_clients();
                let _ = room.send(from, "denied");
            }
            "flood" => {
                for _ in 0..100 {
                    let _ = room.send(from, Message::binary(vec![7; 64 << 10]));
                }
            }
            "keep" => {
                room.store().set("key", "value").await.map_err(|error| Fault::new(error.to_string()))?;
                let _ = room.send(from, "kept");
            }
            _ => {
                let _ = room.send(from, message);
            }
        }
        Ok(())
    }
}

fn actor(change: impl FnOnce(&mut Limits)) -> Embedded {
    Embedded::start(Server::builder().limits(Limits::with(change)).app(|| Actor))
}

#[tokio::test]
async fn connections_messages_and_bytes_are_counted() {
    let server = actor(|_| {});
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for text in ["a", "bc", "def"] {
        one.asks(text).await;
    }
    two.asks("x").await;
    let samples = server.samples().await;
    for (name, value) in [
        ("ws_host_connections", 2.0),
        ("ws_host_shard_connections{shard=\"0\"}", 2.0),
        ("ws_host_shard_up{shard=\"0\"}", 1.0),
        ("ws_host_connections_accepted_total", 2.0),
        ("ws_host_connections_opened_total", 2.0),
        ("ws_host_messages_received_total", 4.0),
        ("ws_host_messages_sent_total", 4.0),
        // A client's frame has a header of 2 bytes and a mask of 4.
        ("ws_host_received_bytes_total", 7.0 + 24.0),
        ("ws_host_sent_bytes_total", 7.0 + 8.0),
        ("ws_host_handler_calls_total{handler=\"on-message\"}", 4.0),
        ("ws_host_handler_calls_total{handler=\"on-new-client\"}", 2.0),
        ("ws_host_handler_sampled_seconds_count{handler=\"on-new-client\"}", 2.0),
        ("ws_host_handler_calls_total{handler=\"on-upgrade\"}", 2.0),
        ("ws_host_admitting", 1.0),
        ("ws_host_draining", 0.0),
    ] {
        assert_eq!(samples.of(name), value, "{name}");
    }
    assert!(samples.of("ws_host_shard_busy_seconds_total{shard=\"0\"}") > 0.0);
    assert!(samples.of("process_cpu_seconds_total") > 0.0 && samples.of("process_open_fds") > 4.0);
    let totals = server.handle.totals().await;
    assert_eq!((totals.connections_opened, totals.messages_in, totals.bytes_out), (2, 4, 15));
    two.leaves(1000, "").await;
    server.tells("ws_host_connections", 1.0).await;
}

#[tokio::test]
async fn each_end_is_counted_by_its_cause() {
    let server = actor(|limits| {
        limits.max_message_bytes = 100;
        limits.rate = Some((8, Duration::from_secs(3600)));
    });
    let cause = |name: &str| format!("ws_host_connections_closed_total{{cause=\"{name}\"}}");
    server.connect().await.leaves(4000, "").await;
    server.tells(&cause("client"), 1.0).await;
    server.connect().await.vanishes();
    server.tells(&cause("lost"), 1.0).await;
    for (name, text) in [("guest", "close"), ("trap", "fail"), ("too-big", &*"x".repeat(101))] {
        let mut client = server.connect().await;
        client.says(text).await;
        client.is_closed().await;
        // Its answer to the close frame ends the connection.
        drop(client);
        server.tells(&cause(name), 1.0).await;
    }
    let mut client = server.connect().await;
    client.breaks_the_protocol().await;
    client.is_closed().await;
    drop(client);
    server.tells(&cause("protocol"), 1.0).await;
    let mut client = server.connect().await;
    for _ in 0..9 {
        client.tries("fast").await;
    }
    // A client that leaves with unread answers may count as lost before the host closes it.
    client.listens().await;
    server.tells(&cause("policy"), 1.0).await;
    let mut client = server.connect().await;
    assert_eq!(client.asks("here").await, "here", "its shard has it");
    server.handle.disconnect_clients().expect("the server runs");
    client.listens().await;
    server.tells(&cause("shutdown"), 1.0).await;
    let samples = server.samples().await;
    let closed: f64 = samples.0.iter().filter(|(name, _)| name.starts_with(&cause("")[..40])).map(|(_, value)| value).sum();
    assert_eq!((closed, samples.of("ws_host_connections")), (8.0, 0.0));
    assert_eq!(samples.of("ws_host_handler_traps_total{handler=\"on-message\"}"), 1.0);
}

#[tokio::test]
async fn each_refusal_is_counted_by_its_reason() {
    let server = actor(|limits| {
        (limits.max_connections, limits.max_room_clients) = (Some(3), Some(2));
        limits.handshake_timeout = Duration::from_millis(50);
    });
    let reason = |name: &str| format!("ws_host_connections_refused_total{{reason=\"{name}\"}}");
    let refused = |path: &str, changes: &[(&str, &str)]| ask(&server.address, &upgrade(path, changes)).status;
    for (path, status, name) in [("/refused", 403, "gate"), ("/wrong", 500, "gate-failed"), ("/failing", 500, "gate-failed")] {
        assert_eq!(refused(path, &[]), status);
        assert!(server.samples().await.of(&reason(name)) >= 1.0, "{path} counts as {name}");
    }
    assert_eq!(refused("/", &[("Sec-WebSocket-Version", "12")]), 426);
    server.tells(&reason("request"), 1.0).await;
    assert_eq!(refused("/", &[("Origin", "https://elsewhere.example")]), 403);
    server.tells(&reason("origin"), 1.0).await;
    server.handle.deny_new_clients();
    assert_eq!(refused("/", &[]), 503);
    server.tells(&reason("denied"), 1.0).await;
    assert_eq!(server.samples().await.of("ws_host_admitting"), 0.0);
    server.handle.allow_new_clients();
    Raw::connect(&server.address).is_ended();
    server.tells(&reason("late"), 1.0).await;
    let (mut one, _two) = (server.connect().await, server.connect().await);
    assert_eq!(refused("/", &[]), 503);
    server.tells(&reason("room-full"), 1.0).await;
    let third = Raw::connect(&server.address);
    assert_eq!(refused("/", &[]), 503);
    server.tells(&reason("connections"), 1.0).await;
    drop(third);
    assert_eq!(one.asks("deny").await, "denied");
    while refused("/", &[]) != 503 || server.samples().await.of(&reason("room-denies")) == 0.0 {}
}

#[tokio::test]
async fn refusals_of_a_gate_are_counted_once() {
    let server = actor(|_| {});
    for path in ["/refused", "/closed", "/broken", "/wrong", "/failing"] {
        ask(&server.address, &upgrade(path, &[]));
    }
    let sum = |samples: &Samples| -> f64 {
        let reasons = samples.0.iter().filter(|(name, _)| name.starts_with("ws_host_connections_refused_total"));
        reasons.map(|(_, value)| value).sum()
    };
    while sum(&server.samples().await) < 5.0 {}
    let samples = server.samples().await;
    assert_eq!(sum(&samples), 5.0);
    assert_eq!(samples.of("ws_host_connections_refused_total{reason=\"gate\"}"), 3.0);
    assert_eq!(samples.of("ws_host_handler_traps_total{handler=\"on-upgrade\"}"), 1.0);
}

#[tokio::test]
async fn a_limit_on_an_address_is_counted_as_its_reason() {
    let server = actor(|limits| limits.max_per_address = Some(1));
    let _one = server.connect().await;
    assert_eq!(ask(&server.address, &upgrade("/", &[])).status, 429);
    server.tells("ws_host_connections_refused_total{reason=\"address\"}", 1.0).await;
}

#[tokio::test]
async fn plain_requests_are_counted_by_the_class_of_their_status() {
    let server = actor(|_| {});
    assert_eq!(ask(&server.address, &request("GET /")).status, 200);
    assert_eq!(ask(&server.address, &request("GET /nothing")).status, 404);
    let samples = server.samples().await;
    let class = |class: &str| samples.of(&format!("ws_host_http_responses_total{{class=\"{class}\"}}"));
    assert_eq!((class("2xx"), class("4xx"), class("5xx")), (1.0, 1.0, 0.0));
}

#[tokio::test]
async fn a_call_that_waits_is_counted_and_its_wait_measured() {
    let server = actor(|_| {});
    let mut client = server.connect().await;
    assert_eq!(client.asks("hello").await, "hello");
    assert_eq!(client.asks("wait").await, "waited");
    let samples = server.samples().await;
    assert_eq!(samples.of("ws_host_handler_suspended_total{handler=\"on-message\"}"), 1.0);
    assert!(samples.of("ws_host_handler_suspended_seconds_total{handler=\"on-message\"}") > 0.0);
    assert_eq!(samples.of("ws_host_handler_sampled_seconds_count{handler=\"on-message\"}"), 1.0, "the first one is measured");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_told_of_as_pressure() {
    let server = actor(|limits| (limits.outbox_hard_bytes, limits.max_message_bytes) = (64 << 20, 64 << 10));
    let mut raw = Raw::connect(&server.address);
    raw.buffers_little();
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    raw.says(&text_frame("flood"));
    server.tells("ws_host_blocked_clients", 1.0).await;
    let samples = server.samples().await;
    assert!(samples.of("ws_host_outbox_bytes") > 65_536.0);
    assert!(samples.of("ws_host_soft_limit_passed_total") >= 1.0 && samples.of("ws_host_blocked_writes_total") >= 1.0);
}

#[tokio::test]
async fn inputs_that_wait_for_a_room_are_told_of_as_pressure() {
    let (go_on, waits) = tokio::sync::watch::channel(false);
    let server = Embedded::start(
        Server::builder().limits(Limits::with(|limits| limits.mailbox_events = 4)).app(move || Waits(waits.clone())),
    );
    let mut client = server.connect().await;
    for _ in 0..20 {
        client.says("wait").await;
    }
    server.tells("ws_host_mailbox_inputs", 4.0).await;
    let samples = server.samples().await;
    assert_eq!(samples.of("ws_host_mailbox_inputs_max"), 4.0);
    assert!(samples.of("ws_host_mailbox_bytes") > 4.0);
    server.tells("ws_host_reads_held_back_total", 1.0).await;
    go_on.send(true).expect("the app waits");
    server.tells("ws_host_mailbox_inputs", 0.0).await;
}

/// Waits until it is told to go on.
struct Waits(tokio::sync::watch::Receiver<bool>);

impl App for Waits {
    async fn on_message(&mut self, _: &mut Room, _: ClientId, _: Message) -> Outcome {
        let mut waits = self.0.clone();
        waits.wait_for(|go_on| *go_on).await.map(drop).map_err(|error| Fault::new(error.to_string()))
    }
}

#[tokio::test]
async fn rooms_and_their_stores_are_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let limits = Limits::with(|limits| limits.room_linger = Duration::ZERO);
    let builder = Server::builder().instances(Instances::PerRoom).shards(2).limits(limits).data(folder.path());
    let server = Embedded::start(builder.app(|| Actor));
    let mut one = Client::connect_url(&server.url("/one")).await;
    let _two = Client::connect_url(&server.url("/two")).await;
    assert_eq!(one.asks("keep").await, "kept");
    let samples = server.samples().await;
    assert_eq!(samples.of("ws_host_rooms{state=\"open\"}"), 2.0);
    assert_eq!(samples.of("ws_host_rooms_opened_total"), 2.0);
    assert!(samples.of("ws_host_store_transactions_total") >= 1.0 && samples.of("ws_host_store_bytes") >= 8.0);
    assert_eq!((samples.of("ws_host_store_available"), samples.of("ws_host_store_waiting_bytes")), (1.0, 0.0));
    assert_eq!(samples.of("ws_host_shard_up{shard=\"1\"}"), 1.0);
    one.leaves(1000, "").await;
    server.tells("ws_host_rooms{state=\"asleep\"}", 1.0).await;
    server.tells("ws_host_rooms{state=\"open\"}", 1.0).await;
}

#[tokio::test]
async fn messages_that_a_guest_handles_in_one_call_are_counted_one_by_one() {
    let server = Embedded::start(Server::builder().component(guest("echo")));
    let mut client = server.connect().await;
    client.says_at_once(&["x"; 500]).await;
    for _ in 0..500 {
        assert_eq!(client.hears().await, "x");
    }
    let samples = server.samples().await;
    assert_eq!(samples.of("ws_host_handler_calls_total{handler=\"on-message\"}"), 500.0);
    assert_eq!(samples.of("ws_host_messages_sent_total"), 500.0);
}

#[tokio::test]
async fn instances_their_memory_and_swaps_are_counted() {
    let server = Embedded::start(Server::builder().component(guest("echo")));
    let samples = server.samples().await;
    let bytes = samples.of("ws_host_guest_memory_bytes");
    assert!(samples.of("ws_host_instances") == 1.0 && bytes > 65_535.0, "{bytes}");
    assert_eq!(samples.of("ws_host_handler_calls_total{handler=\"launch\"}"), 1.0);
    server.handle.swap(&guest("chat")).await.expect("it can be swapped");
    assert!(server.handle.swap(&guest("refuser")).await.is_err());
    server.handle.rollback().await.expect("there is a release before");
    let samples = server.samples().await;
    let swaps = |result: &str| samples.of(&format!("ws_host_swaps_total{{result=\"{result}\"}}"));
    assert_eq!((swaps("done"), swaps("refused"), swaps("failed")), (2.0, 1.0, 0.0));
    assert_eq!((samples.of("ws_host_instances"), samples.of("ws_host_guest_memory_bytes")), (1.0, bytes));
    let release = samples.0.keys().find(|name| name.starts_with("ws_host_release_info{file=\"echo.wasm\",sha256=\""));
    assert!(release.is_some(), "the running release is named");
}

#[tokio::test]
async fn a_shard_that_does_not_answer_keeps_its_last_numbers() {
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    let server = Embedded::start(Server::builder().on_message(move |_, _, _| {
        // A native handler must not block. This one does.
        let _ = waits.lock().expect("nobody panics with it").recv();
    }));
    let mut client = server.connect().await;
    server.tells("ws_host_connections_opened_total", 1.0).await;
    client.says("block").await;
    server.tells("ws_host_shard_up{shard=\"0\"}", 0.0).await;
    assert_eq!(server.samples().await.of("ws_host_connections_opened_total"), 1.0);
    drop(go_on);
    server.tells("ws_host_shard_up{shard=\"0\"}", 1.0).await;
}
