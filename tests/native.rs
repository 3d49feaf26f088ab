//! A native app follows the same rules of membership and order as a component.

use std::time::Duration;

use crate::support::Embedded;
use crate::support::http::{ask, request, upgrade};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use ws_host::app::http::{Head, IncomingRequest};
use ws_host::app::{Client, ClientId, CloseInfo, Fault, Message, Outcome, Saved, StartReason, TimerOptions};
use ws_host::config::Instances;
use ws_host::{App, Room, Server};

/// A small native version of the probe.
struct Twin {
    started: StartReason,
    /// Reports to the test directly, not through a client.
    tell: UnboundedSender<String>,
}

impl App for Twin {
    async fn on_start(&mut self, _room: &mut Room, reason: StartReason, _saved: Option<Saved>) -> Outcome {
        self.started = reason;
        Ok(())
    }

    async fn on_new_client(&mut self, room: &mut Room, client: &Client) -> Outcome {
        let told = room.broadcast(format!("joined {}", client.id));
        told.map_err(|error| Fault::new(error.to_string()))
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        let text = message.as_text().unwrap_or_default();
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        match command {
            "say" => drop(room.send(from, rest)),
            "all" => drop(room.broadcast(rest)),
            "list" => {
                let ids: Vec<_> = room.clients().map(|client| client.id.get()).collect();
                room.send(from, format!("{ids:?}")).ok();
            }
            "started" => drop(room.send(from, format!("{:?}", self.started))),
            "close" => {
                let id = rest.parse().map_or(from, ClientId::new);
                room.close(id, 4000, "bye").ok();
                let answer = format!("{:?}, member={}", room.send(id, "too late"), room.client(id).is_some());
                room.send(from, answer).ok();
            }
            "attach" => drop(room.set_attachment(from, rest.to_owned())),
            "attachment" => {
                let attached = room.attachment(from).map(|data| String::from_utf8_lossy(data).into_owned());
                room.send(from, format!("{attached:?}")).ok();
            }
            "timer" => drop(room.set_timer(Duration::from_millis(1), TimerOptions::ONCE, rest.to_owned())),
            "wait" => {
                self.tell.send("waiting".into()).ok();
                timeout(Duration::from_millis(50), std::future::pending::<()>()).await.ok();
                room.broadcast("waited").ok();
            }
            "fail" => {
                room.broadcast("half an answer").ok();
                room.set_attachment(from, "half").ok();
                return Err(Fault::new("told to fail"));
            }
            "panic" => {
                room.broadcast("half an answer").ok();
                timeout(Duration::from_millis(1), std::future::pending::<()>()).await.ok();
                panic!("told to panic");
            }
            _ => {}
        }
        Ok(())
    }

    async fn on_client_left(&mut self, room: &mut Room, id: ClientId, info: &CloseInfo) -> Outcome {
        let member = room.clients().any(|client| client.id == id);
        let known = room.client(id).is_some();
        let sent = room.send(id, "too late").is_ok();
        let told =
            format!("left {id}: {} {:?} clean={} member={member} known={known} sent={sent}", info.code, info.reason, info.clean);
        self.tell.send(told.clone()).ok();
        room.broadcast(told).ok();
        Ok(())
    }

    async fn on_timer(&mut self, room: &mut Room, _timer: u64, payload: bytes::Bytes) -> Outcome {
        room.broadcast(format!("timer {}", String::from_utf8_lossy(&payload))).ok();
        Ok(())
    }
}

/// A server of the twin, and the twin's reports to the test.
fn twin() -> (Embedded, UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let builder = Server::builder().app(move || Twin { started: StartReason::Swap, tell: tell.clone() });
    (Embedded::start(builder), told)
}

#[tokio::test]
async fn a_new_client_is_a_member_and_a_leaver_is_known_but_no_member() {
    let (server, mut told) = twin();
    let (mut stays, id) = server.join().await;
    assert_eq!((id, stays.asks("list").await.as_str()), (1, "[1]"));
    let (leaves, id) = server.join().await;
    assert_eq!((id, stays.hears().await.as_str()), (2, "joined 2"));
    leaves.leaves(4321, "good bye").await;
    let left = "left 2: 4321 \"good bye\" clean=true member=false known=true sent=false";
    assert_eq!(stays.hears().await, left);
    assert_eq!(told.recv().await.as_deref(), Some(left), "exactly once");
    let (third, id) = server.join().await;
    assert_eq!(id, 3, "ids are never used again");
    third.vanishes();
    assert!(told.recv().await.is_some_and(|told| told.starts_with("left 3: 1006")), "each leaver once, lost ones too");
}

#[tokio::test]
async fn messages_are_handled_and_answered_in_their_order() {
    let (server, _told) = twin();
    let (mut first, _) = server.join().await;
    let (mut second, _) = server.join().await;
    first.hears().await;
    for n in 0..100 {
        first.says(&format!("all {n}")).await;
    }
    for n in 0..100 {
        assert_eq!(first.hears().await, n.to_string());
        assert_eq!(second.hears().await, n.to_string());
    }
}

#[tokio::test]
async fn close_takes_effect_after_the_handler_and_queues_on_client_left() {
    let (server, _told) = twin();
    let (mut first, _) = server.join().await;
    let (mut second, _) = server.join().await;
    first.hears().await;
    assert_eq!(first.asks("close 2").await, "Err(Closing), member=true");
    assert_eq!(second.is_closed().await, (4000, "bye".to_owned()));
    assert!(first.hears().await.starts_with("left 2: 4000 \"bye\" clean=true member=false known=true"));
}

#[tokio::test]
async fn while_a_handler_waits_other_events_of_its_room_wait_and_the_shard_goes_on() {
    let (server, mut told) = twin();
    let (mut first, _) = server.join().await;
    let (mut second, _) = server.join().await;
    first.hears().await;
    first.says("wait").await;
    assert_eq!(told.recv().await.as_deref(), Some("waiting"));
    second.says("all after the wait").await;
    // A pong needs no app, so it does not wait.
    second.is_answered_a_ping().await;
    for client in [&mut first, &mut second] {
        assert_eq!(client.hears().await, "waited");
        assert_eq!(client.hears().await, "after the wait");
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_a_handler_that_waits() {
    let (server, mut told) = twin();
    let (mut client, _) = server.join().await;
    client.says("wait").await;
    assert_eq!(told.recv().await.as_deref(), Some("waiting"));
    server.handle.shutdown();
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(server.ends().await.is_ok());
    assert!(told.recv().await.is_some_and(|told| told.starts_with("left 1: 1001")));
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_has_no_effects_and_costs_only_its_client() {
    let (server, _told) = twin();
    let (mut stays, _) = server.join().await;
    assert_eq!(stays.asks("started").await, "Fresh");
    stays.says("attach a note").await;
    for (id, command) in [(2, "fail"), (3, "panic")] {
        let (mut fails, _) = server.join().await;
        assert_eq!(stays.hears().await, format!("joined {id}"));
        fails.says(command).await;
        assert_eq!(fails.is_closed().await, (1011, "the application failed".to_owned()));
        assert!(stays.hears().await.starts_with(&format!("left {id}: 1011")));
    }
    assert_eq!(stays.asks("started").await, "AfterTrap", "a fresh instance goes on");
    assert_eq!(stays.asks("attachment").await, "Some(\"a note\")", "the room's state stays");
}

#[tokio::test]
async fn timers_are_delivered() {
    let (server, _told) = twin();
    let (mut client, _) = server.join().await;
    assert_eq!(client.asks("timer tick").await, "timer tick");
}

/// Answers plain HTTP requests, unless it is told to fail.
struct Answers;

impl App for Answers {
    const ANSWERS_REQUESTS: bool = true;

    async fn on_request(&mut self, room: &mut Room, id: u64, asked: IncomingRequest) -> Outcome {
        let IncomingRequest { method, request, body, .. } = asked;
        let body = format!("{method} {} {}", request.path(), String::from_utf8_lossy(&body));
        // The room waits meanwhile, and its request with it.
        timeout(Duration::from_millis(1), std::future::pending::<()>()).await.ok();
        let answered = room.respond(id, &Head::new(201).header("x-native", "yes"), body);
        match request.path() {
            "/fail" => Err(Fault::new("told to fail")),
            _ => answered.map_err(|error| Fault::new(error.to_string())),
        }
    }
}

#[tokio::test]
async fn plain_requests_are_answered_by_an_app_or_by_a_callback() {
    let server = Embedded::start(Server::builder().app(|| Answers));
    let answer = ask(&server.address, &request("POST /a"));
    assert_eq!((answer.status, answer.header("x-native"), &*answer.body), (201, "yes", &b"POST /a "[..]));
    assert_eq!(ask(&server.address, &request("GET /fail")).status, 500);
    let callback = |room: &mut Room, id: u64, asked: IncomingRequest| {
        room.respond(id, &Head::new(200), asked.method).expect("its client waits");
    };
    let server = Embedded::start(Server::builder().on_request(callback));
    assert_eq!(ask(&server.address, &request("DELETE /")).body, b"DELETE");
}

#[test]
fn an_app_that_refuses_to_start_is_an_error() {
    struct Refuses;
    impl App for Refuses {
        async fn on_start(&mut self, _room: &mut Room, _reason: StartReason, _saved: Option<Saved>) -> Outcome {
            Err(Fault::new("not today"))
        }
    }
    let error = Server::builder().port(0).app(|| Refuses).build().expect_err("the app refuses");
    assert_eq!(error.to_string(), "the app failed while it started: not today");
}

/// Fails on each message, and panics when it is dropped for that.
struct Volatile {
    failed: bool,
}

impl App for Volatile {
    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        if message.as_text() == Some("hello") {
            return room.send(from, message).map(drop).map_err(|error| Fault::new(error.to_string()));
        }
        self.failed = true;
        Err(Fault::new("told to fail"))
    }
}

impl Drop for Volatile {
    fn drop(&mut self) {
        assert!(!self.failed, "told to panic outside of a handler");
    }
}

#[tokio::test]
async fn a_panic_outside_of_a_handler_closes_the_room_which_starts_anew_and_holds_up_no_shutdown() {
    let server = Embedded::start(Server::builder().app(|| Volatile { failed: false }));
    let (mut stays, mut fails) = (server.connect().await, server.connect().await);
    assert_eq!(stays.asks("hello").await, "hello");
    fails.says("fail").await;
    for client in [&mut stays, &mut fails] {
        assert_eq!(client.is_closed().await, (1011, "the server failed in this room".to_owned()));
    }
    let mut late = server.connect().await;
    assert_eq!(late.asks("hello").await, "hello");
    server.handle.shutdown();
    assert_eq!(late.is_closed().await.0, 1001);
    assert!(server.ends().await.is_ok());
}

/// Starts only in rooms that the owner knows.
struct Exclusive {
    tell: UnboundedSender<String>,
}

impl App for Exclusive {
    async fn on_start(&mut self, room: &mut Room, _reason: StartReason, _saved: Option<Saved>) -> Outcome {
        self.tell.send(room.name().to_owned()).ok();
        if room.name() == "/unknown" { Err(Fault::new("the room is not known")) } else { Ok(()) }
    }
}

#[test]
fn a_room_that_cannot_start_is_refused_without_a_launch_for_each_request() {
    let (tell, mut told) = unbounded_channel();
    let app = move || Exclusive { tell: tell.clone() };
    let server = Embedded::start(Server::builder().app(app).instances(Instances::PerRoom).shards(1));
    for _ in 0..30 {
        let refused = ask(&server.address, &upgrade("/unknown", &[]));
        assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    }
    let launches = std::iter::from_fn(|| told.try_recv().ok()).filter(|room| room == "/unknown").count();
    assert_eq!(launches, 6, "the first and five restarts");
}
