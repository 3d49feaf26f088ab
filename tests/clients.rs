//! The library for clients in Rust against the real server, over connections that are cut.

use std::time::Duration;

use ws_host_client::{Address, Event, Options, Socket, Status};

use crate::support::{Client, Host};

#[path = "../client/rust/tests/proxy.rs"]
mod proxy;

/// Messages in each direction.
const MESSAGES: usize = 300;
/// Connections that are cut.
const CUTS: usize = 20;

/// The next message. Its socket has lost no state.
async fn message(socket: &mut Socket) -> String {
    loop {
        match socket.next().await {
            Some(Event::Message(message)) => return message.as_text().expect("the guest sends texts").to_owned(),
            Some(Event::Status(_)) => {}
            other => panic!("{other:?} in place of a message"),
        }
    }
}

#[tokio::test]
async fn each_message_of_the_library_arrives_once_and_in_order_whatever_is_cut() {
    let host = Host::run("probe");
    let mut random = fastrand::Rng::with_seed(18);
    // A handshake takes about 500 bytes. The first connection must carry the welcome: without its token, no session can resume.
    let budget = move |number| if number > CUTS { usize::MAX } else { random.usize(50..2500) + 2000 * usize::from(number == 0) };
    let proxy = proxy::start(host.address.parse().expect("the host listens on an address"), budget).await;
    let quick = Options::new().delays(Duration::from_millis(2), Duration::from_millis(10));
    let mut socket = quick.connect(Address::new(format!("ws://{proxy}/")).expect("it is an address"));
    assert_eq!(message(&mut socket).await, "joined 1");
    let sender = socket.sender();
    tokio::spawn(async move {
        for number in 0..MESSAGES {
            sender.send(format!("say {number}")).await.expect("the socket goes on");
        }
    });
    for number in 0..MESSAGES {
        assert_eq!(message(&mut socket).await, number.to_string());
    }
    let (mut other, _) = Client::join(&host).await;
    assert!(message(&mut socket).await.starts_with("joined "));
    assert!(other.asks("list").await.ends_with(" of 2"));
    assert_eq!(socket.close().await.code, 1000);
    assert!(other.hears().await.starts_with("left 1: 1000"));
}

#[tokio::test]
async fn a_shutdown_tells_the_library_when_to_come_back() {
    let mut host = Host::run("probe");
    let mut socket = Socket::connect(host.url("/")).expect("it is an address");
    assert_eq!(message(&mut socket).await, "joined 1");
    host.signal("TERM");
    let away = loop {
        if let Some(Event::Status(Status::Away { cause, .. })) = socket.next().await {
            break cause;
        }
    };
    assert_eq!(away, "the connection closed with code 1001: the server shuts down");
    assert_eq!(host.ended().code(), Some(0));
}
