//! A socket against servers that the tests play.

#![allow(clippy::unwrap_used, reason = "tests")]

mod cuts;
mod ends;
mod host;
mod plain;
mod proxy;
mod sessions;

use std::time::Duration;

use ws_host_client::{Event, Message, Options, Socket, Status};

/// Options with short waits.
fn quick() -> Options {
    Options::new().delays(Duration::from_millis(2), Duration::from_millis(10))
}

/// The result. A test without one fails.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it comes soon")
}

/// The next event that is not a status of an attempt.
async fn event(socket: &mut Socket) -> Event {
    loop {
        match soon(socket.next()).await.expect("the socket has not ended") {
            Event::Status(Status::Connecting | Status::Away { .. }) => {}
            event => return event,
        }
    }
}

/// The next message; all before it are statuses.
async fn message(socket: &mut Socket) -> Message {
    loop {
        match soon(socket.next()).await {
            Some(Event::Message(message)) => return message,
            Some(Event::Status(_)) => {}
            other => panic!("{other:?} in place of a message"),
        }
    }
}

/// Waits for the line, and tells whether the session goes on.
async fn online(socket: &mut Socket) -> bool {
    match event(socket).await {
        Event::Status(Status::Online { resumed, .. }) => resumed,
        other => panic!("{other:?} in place of a line"),
    }
}
