//! Sessions that go on, and sessions that begin anew.

use std::time::Duration;

use ws_host_client::{Address, Event, Fresh, Message, SendError, Status};
use ws_protocol::resume::FromHost;

use crate::host::{Host, Line, Order};
use crate::{event, message, online, quick};

#[tokio::test]
async fn a_socket_comes_back_with_its_session() {
    let mut host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    // It need not be online.
    socket.send("early").await.unwrap();
    assert!(!online(&mut socket).await);
    assert_eq!(host.hears().await, "early");
    assert_eq!(host.lines.recv().await, Some(Line::Asked("a=1&_resume=new".to_owned())));
    host.order(Order::Cut);
    assert_eq!(host.lines.recv().await, Some(Line::Lost));
    host.send("while you were away");
    host.send(Message::binary(vec![0, 255]));
    assert!(online(&mut socket).await);
    assert_eq!(message(&mut socket).await, "while you were away".into());
    assert_eq!(message(&mut socket).await, Message::binary(vec![0, 255]));
    assert_eq!(host.lines.recv().await, Some(Line::Asked("a=1&_resume=h1".to_owned())));
}

#[tokio::test]
async fn a_session_that_is_lost_is_told_with_what_may_be_lost() {
    let mut host = Host::start().await;
    let mut socket = quick().connect(Address::new(host.url()).unwrap());
    socket.send("carried").await.unwrap();
    assert!(!online(&mut socket).await);
    assert_eq!(host.hears().await, "carried");
    let line = host.lines.recv().await;
    assert!(matches!(line, Some(Line::Asked(_))));
    host.order(Order::Write(FromHost::Away(Duration::from_millis(100))));
    host.order(Order::Close(1001));
    assert_eq!(host.lines.recv().await, Some(Line::Closed(1001)));
    host.forget(Fresh::Expired);
    loop {
        match socket.next().await {
            Some(Event::Status(Status::Away { retry_in, .. })) => break assert_eq!(retry_in, Duration::from_millis(100)),
            other => assert!(matches!(other, Some(Event::Status(_))), "{other:?}"),
        }
    }
    socket.send("not carried").await.unwrap();
    assert!(!online(&mut socket).await);
    assert_eq!(event(&mut socket).await, Event::Fresh { reason: Fresh::Expired, unknown: vec!["carried".into()] });
    // A message that no line has carried goes to the new session.
    assert_eq!(host.hears().await, "not carried");
}

#[tokio::test]
async fn nothing_is_dropped_silently() {
    let mut host = Host::start().await;
    let mut socket = quick().max_buffered(10).connect(Address::new(host.url()).unwrap());
    assert!(!online(&mut socket).await);
    let sender = socket.sender();
    assert_eq!(sender.try_send("123456789"), Ok(()));
    assert_eq!((sender.try_send(""), sender.buffered()), (Err(SendError::Full), 10));
    // The host confirms what it has when the socket comes back. A message larger than the room waits for all of it.
    let waits = tokio::spawn(async move { sender.send("longer than ten bytes").await });
    assert_eq!(host.hears().await, "123456789");
    host.order(Order::Cut);
    assert_eq!(waits.await.unwrap(), Ok(()));
    assert_eq!(host.hears().await, "longer than ten bytes");
    let sender = socket.sender();
    socket.close().await;
    assert_eq!(sender.send("late").await, Err(SendError::Closed));
}
