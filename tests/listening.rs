//! Where a server listens: the addresses of a name, and listeners of the caller's own.

use std::net::TcpListener;

use crate::support::http::{ask, upgrade};
use crate::support::{Client, Embedded, Host, fails, guest};
use ws_host::Server;
use ws_host::config::Limits;

/// An echo in one callback.
fn echo() -> ws_host::Builder {
    Server::builder().on_message(|room, client, message| {
        room.send(client.id, message).ok();
    })
}

fn says(text: &str, words: &[&str]) {
    words.iter().for_each(|word| assert!(text.contains(word), "{word:?} is in {text:?}"));
}

/// A program on this port of `::1`, if this machine has IPv6.
#[allow(clippy::print_stderr, reason = "it says that it could not test")]
fn ipv6(port: u16) -> Option<TcpListener> {
    let listener = TcpListener::bind(("::1", port));
    listener.inspect_err(|error| eprintln!("not tested: {error}")).ok()
}

#[tokio::test]
async fn localhost_is_both_of_its_addresses_on_one_port() {
    for arguments in [&[][..], &["--host", "localhost"]] {
        let host = Host::run_with("echo", arguments);
        let port = host.address.strip_prefix("127.0.0.1:").expect("it listens on localhost");
        says(&host.announcement, &[&format!("http://localhost:{port}/ (WebSocket: ws://localhost:{port}/)")]);
        assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
        if ipv6(0).is_some() {
            assert_eq!(Client::connect_url(&format!("ws://[::1]:{port}/")).await.asks("hello").await, "hello");
        }
    }
}

#[test]
fn a_port_in_use_at_one_address_of_localhost() {
    for _ in 0..10 {
        let Some(taken) = ipv6(0) else { return };
        let port = taken.local_addr().expect("it has an address").port().to_string();
        let line = fails(&["run", &guest("echo").to_string_lossy(), "--port", &port]);
        says(&line, &["the port is in use", "--port"]);
        // A client of another test may have the same port of the other address.
        if !line.contains("127.0.0.1:") {
            return says(&line, &[&format!("cannot listen on [::1]:{port}")]);
        }
    }
    panic!("ten ports of 127.0.0.1 are in use");
}

#[tokio::test]
async fn an_ipv6_address_can_be_listened_on() {
    if ipv6(0).is_none() {
        return;
    }
    for address in ["::1", "[::1]"] {
        let host = Host::run_with("echo", &["--host", address]);
        says(&host.announcement, &["http://[::1]:"]);
        assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
    }
}

#[tokio::test]
async fn the_caller_may_bring_the_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let server = Embedded::start(echo().listener(listener));
    assert_eq!(server.address, address.to_string());
    assert_eq!(server.connect().await.asks("hello").await, "hello");
}

#[tokio::test]
async fn several_listeners_share_the_limits_of_the_server() {
    let listeners = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().expect("it has an address"));
    let limits = Limits::with(|limits| limits.max_connections = Some(2));
    let builder = listeners.into_iter().fold(echo().limits(limits), ws_host::Builder::listener);
    let server = builder.build().expect("the server starts");
    assert_eq!(server.local_addrs(), addresses);
    let handle = server.handle();
    let clients = async {
        let urls = addresses.map(|address| format!("ws://{address}/"));
        let mut inside = (Client::connect_url(&urls[0]).await, Client::connect_url(&urls[1]).await);
        assert_eq!((inside.0.asks("one").await, inside.1.asks("two").await), ("one".into(), "two".into()));
        let third = tokio::task::spawn_blocking(move || ask(&addresses[1].to_string(), &upgrade("/", &[])).status);
        assert_eq!(third.await.expect("it is answered"), 503);
        handle.shutdown();
    };
    assert!(tokio::join!(server.run(), clients).0.is_ok());
}
