//! Ends after which a socket comes back, and ends after which it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use ws_host_client::{Address, Closed, Event, Fresh, Message, Socket, Status};
use ws_protocol::resume::{FromHost, Token, Welcome};

use crate::host::{Host, Line, Order};
use crate::{event, message, online, quick, soon};

#[tokio::test]
async fn a_socket_that_is_closed_sends_all_and_ends_its_session() {
    let mut host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    online(&mut socket).await;
    assert_eq!(host.lines.recv().await, Some(Line::Asked("a=1&_resume=new".to_owned())));
    socket.send("last words").await.unwrap();
    assert_eq!(socket.close().await.code, 1000);
    assert_eq!(host.hears().await, "last words");
    assert_eq!(host.lines.recv().await, Some(Line::Closed(1000)));
}

#[tokio::test]
async fn messages_that_wait_for_the_first_line_go_before_the_socket_closes() {
    let mut host = Host::start().await;
    for drops in [false, true] {
        let socket = quick().connect(Address::new(host.url()).unwrap());
        socket.sender().try_send("last words").unwrap();
        if drops {
            socket.sender().close(3001, "");
            drop(socket);
        } else {
            assert_eq!(soon(socket.close()).await.code, 1000);
        }
        assert_eq!(host.hears().await, "last words");
        assert!(matches!(host.lines.recv().await, Some(Line::Asked(_))));
        assert_eq!(host.lines.recv().await, Some(Line::Closed(if drops { 3001 } else { 1000 })));
    }
}

#[tokio::test]
async fn messages_that_wait_for_the_welcome_go_before_the_socket_closes() {
    let (welcome, mut host) = Host::start_silent().await;
    let socket = quick().connect(Address::new(host.url()).unwrap());
    socket.sender().try_send("last words").unwrap();
    assert!(matches!(host.lines.recv().await, Some(Line::Asked(_))));
    let (closed, ()) = tokio::join!(soon(socket.close()), async { welcome.notify_one() });
    assert_eq!((closed.code, host.hears().await), (1000, "last words".to_owned()));
    assert_eq!(host.lines.recv().await, Some(Line::Closed(1000)));
}

#[tokio::test]
async fn a_socket_that_is_closed_waits_no_longer_than_an_attempt_may_take() {
    let (_never, mut host) = Host::start_silent().await;
    let socket = quick().connect_timeout(std::time::Duration::from_millis(200)).connect(Address::new(host.url()).unwrap());
    socket.sender().try_send("never heard").unwrap();
    assert_eq!(soon(socket.close()).await.code, 1006);
    assert!(host.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_message_may_be_larger_than_a_frame_of_tungstenite() {
    let host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    online(&mut socket).await;
    let large = Message::binary(vec![0; 16 << 20]);
    host.send(large.clone());
    assert!(message(&mut socket).await == large);
}

#[tokio::test]
async fn a_message_beyond_the_limit_of_the_application_ends_the_socket() {
    let mut host = Host::start().await;
    let mut socket = quick().max_message(1000).connect(Address::new(host.url()).unwrap());
    online(&mut socket).await;
    host.send("a".repeat(1000));
    let Event::Closed(closed) = event(&mut socket).await else { panic!("the socket goes on") };
    assert_eq!(closed.code, 1009);
    assert!(matches!(host.lines.recv().await, Some(Line::Asked(_))));
    assert_eq!(host.lines.recv().await, Some(Line::Closed(1009)));
}

#[tokio::test]
async fn a_socket_that_is_dropped_ends_its_session() {
    let mut host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    online(&mut socket).await;
    drop(socket);
    assert!(matches!(host.lines.recv().await, Some(Line::Asked(_))));
    assert_eq!(host.lines.recv().await, Some(Line::Closed(1000)));
}

#[tokio::test]
async fn a_code_that_means_do_not_come_back_ends_the_socket() {
    let host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    for code in [1011, 1008] {
        online(&mut socket).await;
        host.order(Order::Close(code));
    }
    let closed = Closed { code: 1008, reason: String::new(), http_status: None };
    assert_eq!(event(&mut socket).await, Event::Closed(closed));
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn a_host_that_breaks_the_protocol_is_told_so() {
    let mut host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    online(&mut socket).await;
    let welcome = Welcome { token: Token([1; 16]), received: 0, fresh: Some(Fresh::New) };
    host.order(Order::Write(FromHost::Welcome { handle: "h9".into(), keep: std::time::Duration::ZERO, welcome }));
    let Event::Closed(closed) = event(&mut socket).await else { panic!("the socket goes on") };
    assert_eq!(closed.code, 1002);
    assert!(matches!(host.lines.recv().await, Some(Line::Asked(_))));
    assert_eq!(host.lines.recv().await, Some(Line::Closed(1002)));
}

/// A server that answers its connections with these statuses.
async fn refuses(statuses: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let _read = stream.read(&mut request).await.unwrap();
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
        }
    });
    format!("ws://{address}/")
}

#[tokio::test]
async fn a_refusal_of_http_is_final_unless_it_may_pass() {
    let mut socket = quick().connect(Address::new(refuses(&["503 Service Unavailable", "403 Forbidden"]).await).unwrap());
    let Event::Closed(closed) = event(&mut socket).await else { panic!("the socket is online") };
    assert_eq!((closed.code, closed.http_status), (1006, Some(403)));
    assert_eq!(closed.to_string(), "the server refused the connection with the HTTP status 403");
}

#[tokio::test]
async fn the_address_is_asked_for_at_each_attempt() {
    let host = Host::start().await;
    let (url, calls) = (host.url(), Arc::new(AtomicUsize::new(0)));
    let asked = calls.clone();
    let address = Address::ask(move || {
        let (url, call) = (url.clone(), asked.fetch_add(1, Ordering::Relaxed));
        async move { if call == 0 { Err("no token") } else { Ok(format!("{url}&token={call}")) } }
    });
    let mut socket = quick().connect(address);
    let cause = loop {
        if let Some(Event::Status(Status::Away { cause, .. })) = socket.next().await {
            break cause;
        }
    };
    assert_eq!(cause, "the connection closed with code 1006: no token");
    online(&mut socket).await;
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_wrong_address_that_is_asked_for_ends_the_socket() {
    let mut socket = quick().connect(Address::ask(|| async { Ok::<_, std::io::Error>("chat.example") }));
    let Event::Closed(closed) = event(&mut socket).await else { panic!("the socket goes on") };
    assert_eq!(closed.reason, "invalid WebSocket address: the URL begins with neither ws:// nor wss://");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    let error = Socket::connect("chat.example").err().unwrap();
    assert_eq!(error.to_string(), "invalid WebSocket address: the URL begins with neither ws:// nor wss://");
}
