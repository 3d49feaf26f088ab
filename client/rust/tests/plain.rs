//! Servers without sessions.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{accept_async, tungstenite};
use ws_host_client::{Address, Event, Fresh};

use crate::{event, message, online, quick};

/// A server that closes a client that says what it does not know.
async fn strict() -> (Address, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::new(format!("ws://{}/", listener.local_addr().unwrap())).unwrap();
    let (hears, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut socket = accept_async(stream).await.unwrap();
            let Some(Ok(tungstenite::Message::Text(text))) = socket.next().await else { continue };
            hears.send(text.to_string()).unwrap();
            if text.starts_with("h1") {
                let frame = CloseFrame { code: 1007.into(), reason: "what?".into() };
                socket.close(Some(frame)).await.unwrap();
            }
        }
    });
    (address, heard)
}

#[tokio::test]
async fn a_server_that_refuses_hello_is_asked_for_no_session() {
    let (address, mut heard) = strict().await;
    let mut socket = quick().connect(address);
    socket.send("waiting").await.unwrap();
    assert!(!online(&mut socket).await);
    assert_eq!(heard.recv().await.unwrap(), "h1 - 0");
    assert_eq!(heard.recv().await.unwrap(), "waiting");
}

/// A server that says `hi` to each client, tells the test what it hears, and cuts a client that says `cut`.
async fn server() -> (Address, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::new(format!("ws://{}/", listener.local_addr().unwrap())).unwrap();
    let (hears, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut socket = accept_async(stream).await.unwrap();
            socket.send(tungstenite::Message::text("hi")).await.unwrap();
            while let Some(Ok(tungstenite::Message::Text(text))) = socket.next().await {
                hears.send(text.to_string()).unwrap();
                if text.as_str() == "cut" {
                    break;
                }
            }
        }
    });
    (address, heard)
}

#[tokio::test]
async fn a_socket_without_sessions_reconnects_and_tells_that_something_may_be_lost() {
    let (address, mut heard) = server().await;
    let mut socket = quick().resume(false).connect(address);
    assert!(!online(&mut socket).await);
    assert_eq!(message(&mut socket).await, "hi".into());
    for word in ["cut", "again"] {
        socket.send(word).await.unwrap();
        assert_eq!(heard.recv().await.unwrap(), word);
        if word == "cut" {
            assert!(!online(&mut socket).await);
            assert_eq!(event(&mut socket).await, Event::Fresh { reason: Fresh::Off, unknown: vec![] });
            assert_eq!(message(&mut socket).await, "hi".into());
        }
    }
}

#[tokio::test]
async fn a_socket_notices_that_a_server_has_no_sessions() {
    let (address, mut heard) = server().await;
    let mut socket = quick().connect(address);
    socket.send("waiting").await.unwrap();
    assert!(!online(&mut socket).await);
    assert_eq!(message(&mut socket).await, "hi".into());
    assert_eq!(heard.recv().await.unwrap(), "h1 - 0");
    assert_eq!(heard.recv().await.unwrap(), "waiting");
}
