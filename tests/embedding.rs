//! The server inside a program, with callbacks, a native app or a component.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::support::http::{Raw, ask, request, upgrade};
use crate::support::{Client, Embedded, guest};
use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio::sync::oneshot;
use ws_host::app::{Client as Member, CloseCause, Message};
use ws_host::config::{Grants, Instances, Limits};
use ws_host::{Error, Room, Server};

/// An echo in one callback.
fn echo() -> ws_host::Builder {
    Server::builder().on_message(|room, client, message| {
        room.send(client.id, message).ok();
    })
}

#[tokio::test]
async fn callbacks_are_called_for_joins_messages_and_leaves() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let (spoken, left) = (tell.clone(), tell.clone());
    let server = Embedded::start(
        Server::builder()
            .on_new_client(move |room, client| {
                tell.send(format!("{} came to {}", client.id, client.request.path())).ok();
                room.broadcast("Hey all, a new client has joined us").ok();
            })
            .on_message(move |room, client, message| {
                spoken.send(format!("{} said {:?}", client.id, message.as_text())).ok();
                room.send(client.id, message).ok();
            })
            .on_client_left(move |room, client, info| {
                left.send(format!("{} left with {}, {} are here", client.id, info.code, room.count())).ok();
            }),
    );
    let mut client = Client::connect_url(&server.url("/here")).await;
    assert_eq!(client.hears().await, "Hey all, a new client has joined us");
    assert_eq!(client.asks("hello").await, "hello");
    client.leaves(4000, "").await;
    assert_eq!(told.recv().await.as_deref(), Some("1 came to /here"));
    assert_eq!(told.recv().await.as_deref(), Some("1 said Some(\"hello\")"));
    assert_eq!(told.recv().await.as_deref(), Some("1 left with 4000, 0 are here"));
}

#[tokio::test]
async fn by_default_nothing_happens_when_events_occur() {
    let server = Embedded::start(Server::builder().on_client_left(|_, _, _| {}));
    let mut client = server.connect().await;
    client.says("hello").await;
    client.is_answered_a_ping().await;
}

#[tokio::test]
async fn a_component_is_served_as_well() {
    let server = Embedded::start(Server::builder().component(guest("echo")));
    let mut client = server.connect().await;
    assert_eq!(client.asks("hello").await, "hello");
    server.handle.shutdown();
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(server.ends().await.is_ok());
}

#[tokio::test]
async fn a_component_may_come_as_bytes_with_grants() {
    let mut grants = Grants::default();
    grants.set_env("COLOUR", "blue");
    let bytes = std::fs::read(guest("probe")).expect("the guest is built");
    let server = Embedded::start(Server::builder().component_bytes("probe.wasm", bytes).grants(grants));
    let (mut client, _) = server.connect().await.has_joined().await;
    assert_eq!(client.asks("env COLOUR").await, "Some(\"blue\")");
    let status = server.handle.status().await.expect("it runs a component");
    assert_eq!(status.release.expect("it has a release").file.to_str(), Some("probe.wasm"));
}

#[tokio::test]
async fn run_serves_among_the_tasks_of_the_caller() {
    let server = echo().port(0).build().expect("the server starts");
    let (handle, url) = (server.handle(), format!("ws://{}/", server.local_addr()));
    let client = async {
        let mut client = Client::connect_url(&url).await;
        assert_eq!(client.asks("hello").await, "hello");
        handle.shutdown();
        client.is_closed().await.0
    };
    let (served, code) = tokio::join!(server.run(), client);
    assert!(served.is_ok());
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn run_until_ends_the_server_when_its_future_is_ready() {
    let server = echo().port(0).build().expect("the server starts");
    let (handle, url) = (server.handle(), format!("ws://{}/", server.local_addr()));
    let (stop, stopped) = oneshot::channel();
    let client = async {
        let mut client = Client::connect_url(&url).await;
        assert_eq!(client.asks("hello").await, "hello");
        stop.send(()).expect("the server waits for it");
        client.is_closed().await.0
    };
    let (served, code) = tokio::join!(server.run_until(async { drop(stopped.await) }), client);
    assert!(served.is_ok());
    assert_eq!(code, 1001);
    assert!(matches!(handle.broadcast("x"), Err(Error::Stopped)));
}

#[tokio::test]
async fn run_until_ends_at_a_shutdown_by_the_handle_too() {
    let server = echo().port(0).build().expect("the server starts");
    server.handle().shutdown();
    assert!(server.run_until(std::future::pending()).await.is_ok());
}

#[test]
fn a_client_that_connects_before_the_server_runs_waits_for_it() {
    let server = echo().port(0).build().expect("the server starts");
    let mut raw = Raw::connect(&server.local_addr().to_string());
    raw.says(upgrade("/", &[]).as_bytes());
    let handle = server.handle();
    let thread = std::thread::spawn(|| server.run_forever());
    assert_eq!(raw.head().status, 101);
    handle.shutdown();
    assert_eq!(raw.is_closed().0, 1001);
    drop(raw);
    assert!(thread.join().expect("it does not panic").is_ok());
}

#[tokio::test]
async fn the_handle_lists_the_clients_in_the_order_of_joining() {
    let server = Embedded::start(echo());
    assert_eq!(server.handle.clients(), []);
    let mut first = Client::connect_url(&server.url("/one?a=1")).await;
    assert_eq!(first.asks("hello").await, "hello");
    let mut second = Client::connect_url(&server.url("/two")).await;
    assert_eq!(second.asks("hello").await, "hello");
    let clients = server.handle.clients();
    let known: Vec<_> = clients.iter().map(|client| (client.id.get(), client.request.path(), client.request.query())).collect();
    assert_eq!(known, [(1, "/one", "a=1"), (2, "/two", "")]);
    assert!(clients[0].address.ip().is_loopback());
}

#[tokio::test]
async fn the_handle_sends_to_one_and_to_all_in_order() {
    let server = Embedded::start(echo());
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert_eq!((first.asks("hello").await, second.asks("hello").await), ("hello".into(), "hello".into()));
    for n in 0..100 {
        server.handle.broadcast(format!("all {n}")).expect("the server takes it");
        server.handle.send(2.into(), format!("you {n}")).expect("the server takes it");
    }
    server.handle.broadcast(Message::binary(vec![1, 2, 3])).expect("the server takes it");
    for n in 0..100 {
        assert_eq!(first.hears().await, format!("all {n}"));
        assert_eq!((second.hears().await, second.hears().await), (format!("all {n}"), format!("you {n}")));
    }
    assert_eq!(first.next().await.into_data().as_ref(), [1, 2, 3]);
    assert!(matches!(server.handle.send(9.into(), "x"), Err(Error::NoSuchClient(id)) if id.get() == 9));
}

#[tokio::test]
async fn the_handle_sends_to_a_room_and_to_the_subscribers_of_a_topic_in_it() {
    let server = Server::builder().instances(Instances::PerRoom).shards(2).on_message(|room, client, message| {
        room.subscribe(client.id, "news").ok();
        room.send(client.id, message).ok();
    });
    let server = Embedded::start(server);
    let mut red = Client::connect_url(&server.url("/red")).await;
    let mut also_red = Client::connect_url(&server.url("/red")).await;
    let mut blue = Client::connect_url(&server.url("/blue")).await;
    assert_eq!(red.asks("subscribe").await, "subscribe");
    assert_eq!(blue.asks("subscribe").await, "subscribe");
    assert!(server.handle.send_to_room("/red", "to red").is_ok());
    assert!(server.handle.publish("/red", "news", "news of red").is_ok());
    assert!(server.handle.send_to_room("/nowhere", "to nobody").is_ok());
    assert!(server.handle.broadcast("to all").is_ok());
    assert_eq!([red.hears().await, red.hears().await, red.hears().await], ["to red", "news of red", "to all"]);
    assert_eq!([also_red.hears().await, also_red.hears().await], ["to red", "to all"]);
    assert_eq!(blue.hears().await, "to all");
}

#[tokio::test]
async fn the_handle_denies_and_allows_new_clients() {
    let server = Embedded::start(echo());
    let mut stays = server.connect().await;
    server.handle.deny_new_clients();
    assert_eq!(ask(&server.address, &upgrade("/", &[])).status, 503);
    assert_eq!(stays.asks("still here").await, "still here");
    server.handle.allow_new_clients();
    assert_eq!(server.connect().await.asks("hello").await, "hello");
}

#[tokio::test]
async fn the_handle_disconnects_all_clients_and_the_server_goes_on() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Embedded::start(echo().on_client_left(move |_, client, info| {
        tell.send((client.id.get(), info.code)).ok();
    }));
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert_eq!((first.asks("hello").await, second.asks("hello").await), ("hello".into(), "hello".into()));
    server.handle.disconnect_clients().expect("the server takes it");
    let why = (1001, "the server disconnects its clients".to_owned());
    assert_eq!((first.is_closed().await, second.is_closed().await), (why.clone(), why));
    assert_eq!((told.recv().await, told.recv().await), (Some((1, 1001)), Some((2, 1001))));
    assert_eq!(server.connect().await.asks("hello").await, "hello");
}

#[tokio::test]
async fn shutdown_ends_run_and_the_handle_says_so_afterwards() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Embedded::start(echo().on_client_left(move |_, client, info| {
        tell.send((client.id.get(), info.code, info.cause)).ok();
    }));
    let handle = server.handle.clone();
    let mut client = server.connect().await;
    assert_eq!(client.asks("hello").await, "hello");
    handle.shutdown();
    handle.shutdown();
    assert_eq!(client.is_closed().await.0, 1001);
    assert!(server.ends().await.is_ok());
    assert_eq!(told.recv().await, Some((1, 1001, CloseCause::Shutdown)));
    assert_eq!(told.try_recv(), Err(TryRecvError::Disconnected), "the app and its sender are dropped");
    assert_eq!(handle.clients(), []);
    assert!(matches!(handle.broadcast("x"), Err(Error::Stopped)));
    assert!(matches!(handle.disconnect_clients(), Err(Error::Stopped)));
    handle.shutdown();
}

#[tokio::test]
async fn a_callback_that_panics_costs_only_its_client() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let server = Embedded::start(Server::builder().on_message(move |room, _client, message| {
        counter.fetch_add(1, SeqCst);
        room.broadcast(message.clone()).ok();
        assert_ne!(message.as_text(), Some("panic"), "told to panic");
    }));
    let mut fails = server.connect().await;
    assert_eq!(fails.asks("hello").await, "hello");
    let mut stays = server.connect().await;
    fails.says("panic").await;
    assert_eq!(fails.is_closed().await, (1011, "the application failed".to_owned()));
    // The broadcast of the failed call is never sent.
    assert_eq!(stays.asks("fine").await, "fine");
    assert_eq!(calls.load(SeqCst), 3);
}

#[test]
fn nothing_to_serve_is_an_error() {
    let error = Server::builder().port(0).build().expect_err("there is no app");
    assert!(matches!(error, Error::NothingToServe));
    assert!(error.to_string().contains("give the builder a component, an app or at least one callback"));
}

#[test]
fn two_kinds_of_app_are_an_error() {
    let both = echo().port(0).component(guest("echo")).build().expect_err("a component and a callback");
    assert!(matches!(both, Error::TwoApps { first: "a component", second: "callbacks" }));
    assert!(both.to_string().contains("leave one of them out"));
    let both = echo().port(0).app(Silent::default).build().expect_err("an app and a callback");
    assert!(matches!(both, Error::TwoApps { first: "an app", second: "callbacks" }));
}

/// A native app without handlers.
#[derive(Default)]
struct Silent;

impl ws_host::App for Silent {}

#[test]
fn invalid_settings_are_errors_of_the_library() {
    let missing = Server::builder().port(0).component("no-such.wasm").build().expect_err("there is no such file");
    assert!(matches!(missing, Error::Read { .. }));
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port();
    assert!(matches!(echo().port(port).build().expect_err("the port is in use"), Error::Bind { .. }));
    assert!(matches!(echo().allow_origin("app.example").build().expect_err("no origin"), Error::Origin { .. }));
    assert!(matches!(echo().trusted_proxy("proxy.example").build().expect_err("no address"), Error::TrustedProxy(_)));
    let contradiction = Limits::with(|limits| limits.outbox_soft_bytes = 2 << 20);
    let refused = echo().limits(contradiction).build().expect_err("a contradiction");
    assert!(matches!(refused, Error::Limits(limit) if limit.setting == "outbox_soft_bytes"));
    assert!(matches!(echo().host("name.invalid").build().expect_err("no such name"), Error::Resolve { .. }));
}

#[tokio::test]
async fn a_trusted_proxy_names_the_clients_address() {
    let tell = |room: &mut Room, client: &Member| {
        let _ = room.send(client.id, client.address.to_string());
    };
    let server = Server::builder().trusted_proxy("127.0.0.1").trusted_proxy("::ffff:127.0.0.9").proxy_protocol(true);
    let server = Embedded::start(server.on_new_client(tell));
    let mut raw = Raw::connect(&server.address);
    raw.says(
        ["PROXY TCP4 127.0.0.9 10.0.0.1 4711 80\r\n", &upgrade("/", &[("X-Forwarded-For", "1.1.1.1, 203.0.113.5:99,")])]
            .concat()
            .as_bytes(),
    );
    assert_eq!(raw.head().status, 101);
    assert_eq!(raw.hears(), "203.0.113.5:99", "the proxy in front passes on for another that is trusted too");
}

#[tokio::test]
async fn connections_above_the_limit_are_asked_to_come_back_later() {
    let server = Embedded::start(echo().limits(Limits::with(|limits| limits.max_connections = Some(2))));
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert_eq!((first.asks("hello").await, second.asks("hello").await), ("hello".into(), "hello".into()));
    let third = ask(&server.address, &upgrade("/", &[]));
    assert_eq!((third.status, third.header("retry-after")), (503, "5"));
    assert_eq!(first.asks("still here").await, "still here");
    // The permit is free after the server has removed the leaver.
    first.leaves(1000, "").await;
    while ask(&server.address, &request("GET /")).status == 503 {}
    assert_eq!(server.connect().await.asks("hello").await, "hello");
}

#[tokio::test]
async fn the_notice_is_for_pages_of_this_machine() {
    let server = Embedded::start(echo().notices(true));
    server.handle.set_notice("secret.rs:1: a mistake");
    let notice = |host: &str| {
        let request = request("GET /-/notice").replacen("localhost", host, 1);
        String::from_utf8_lossy(&ask(&server.address, &request).body).trim_end().to_owned()
    };
    assert!(notice("localhost:13254").contains("secret.rs:1: a mistake"));
    assert!(!notice("evil.example:13254").contains("secret"));
}

#[tokio::test]
async fn strangers_are_told_of_changes_of_the_release_and_of_nothing_else() {
    let server = Embedded::start(Server::builder().component(guest("one")));
    let told = || String::from_utf8_lossy(&ask(&server.address, &request("GET /-/notice")).body).trim_end().to_owned();
    let json = |swaps: u64, back: bool| format!(r#"{{"notice":"","status":{{"swaps":{swaps},"went_back":{back}}}}}"#);
    server.handle.set_notice("secret.rs:1: a mistake");
    assert_eq!(told(), json(0, false));
    server.handle.swap(&guest("two")).await.expect("it can be swapped");
    assert_eq!(told(), json(1, false));
    server.handle.rollback().await.expect("it can go back");
    assert_eq!(told(), json(2, true));
    server.handle.swap(&guest("two")).await.expect("it can be swapped");
    assert_eq!(told(), json(3, false));
    // A native app has no releases.
    let native = Embedded::start(echo());
    assert_eq!(ask(&native.address, &request("GET /-/notice")).status, 404);
}

#[tokio::test]
async fn the_page_and_origins_are_the_builders_to_choose() {
    let server = Embedded::start(echo().page(false).allow_origin("https://app.example"));
    assert_eq!(ask(&server.address, &request("GET /")).status, 404);
    assert_eq!(ask(&server.address, &upgrade("/", &[("Origin", "https://evil.example")])).status, 403);
    let mut raw = Raw::connect(&server.address);
    raw.says(upgrade("/", &[("Origin", "https://app.example")]).as_bytes());
    assert_eq!(raw.head().status, 101);
}

#[tokio::test]
async fn a_swap_whose_caller_gives_up_is_carried_out() {
    let server = Embedded::start(Server::builder().component(guest("one")));
    let (mut client, handle, two) = (server.connect().await, &server.handle, guest("two"));
    assert_eq!(client.asks("0").await, "one 0 1");
    tokio::select! {
        biased;
        _ = handle.swap(&two) => panic!("no swap ends at once"),
        () = std::future::ready(()) => {}
    }
    let report = handle.rollback().await.expect("it waits for the swap, and goes back from it");
    assert!(report.from.file.ends_with("two.wasm"));
    assert_eq!(client.asks("1").await, "one 1 2");
}

#[tokio::test]
async fn a_probation_goes_on_when_the_runtime_that_asked_for_the_swap_has_ended() {
    let limits = Limits::with(|limits| {
        (limits.probation, limits.probation_traps) = (std::time::Duration::from_secs(600), 1);
    });
    let server = Embedded::start(Server::builder().component(guest("one")).limits(limits));
    let handle = server.handle.clone();
    let asked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(handle.swap(&guest("faulty"))).map(drop)
    });
    asked.join().expect("it does not panic").expect("the release is accepted");
    let mut client = server.connect().await;
    client.says("x").await;
    assert_eq!(client.is_closed().await.0, 1011);
    while !server.handle.status().await.expect("it runs").release.expect("a component").file.ends_with("one.wasm") {
        tokio::task::yield_now().await;
    }
}
