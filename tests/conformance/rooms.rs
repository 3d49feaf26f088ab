//! The rules for messages between rooms.
//!
//! | line | action of the probe |
//! | --- | --- |
//! | `room` | `room "NAME"` |
//! | `tell ROOM TEXT`, `tell-bytes ROOM TEXT` | sends TEXT to a room, as text or as bytes; sends the result to the client |
//! | `create ROOM TEXT` | the same for a room that need not exist |
//!
//! | event | action |
//! | --- | --- |
//! | a text | broadcasts `event ROOM TEXT`, or `event api:TOKEN TEXT` if it comes from outside; before that, sends the rest of `back TEXT` to the room that it comes from |
//! | bytes | broadcasts them |

use tokio_tungstenite::tungstenite::Message;

use ws_host::Server;

use crate::support::{Client, Embedded, Host, guest};

// An SDK joins the list when it has rooms.
in_languages! { [rust, python, javascript, c] [
    rooms_hear_each_other,
    a_room_begins_with_a_message,
    a_message_that_is_refused_is_an_answer_and_no_failure,
    an_event_comes_from_outside,
] }

async fn enters(host: &Host, room: &str) -> Client {
    let mut client = Client::connect_to(host, room).await;
    while !client.hears().await.starts_with("joined") {}
    client
}

fn host(probe: &str) -> Host {
    Host::run_with(probe, &["--instances", "per-room"])
}

async fn rooms_hear_each_other(probe: &str) {
    let host = host(probe);
    let (mut a, mut b) = (enters(&host, "/a").await, enters(&host, "/b").await);
    assert_eq!(a.asks("room").await, "room \"/a\"");
    assert_eq!(a.asks("tell /b back grüße").await, "ok");
    assert_eq!([b.hears().await, a.hears().await], ["event /a back grüße", "event /b grüße"]);
    assert_eq!(a.asks("tell-bytes /b bytes").await, "ok");
    assert_eq!(b.next().await, Message::binary(&b"bytes"[..]));
    assert_eq!(a.asks("tell /b last").await, "ok");
    assert_eq!(b.hears().await, "event /a last");
}

async fn a_room_begins_with_a_message(probe: &str) {
    let host = host(probe);
    let mut a = enters(&host, "/a").await;
    assert_eq!(a.asks("create /b back hello").await, "ok");
    assert_eq!(a.hears().await, "event /b hello");
}

async fn a_message_that_is_refused_is_an_answer_and_no_failure(probe: &str) {
    let host = host(probe);
    let mut a = enters(&host, "/a").await;
    assert_eq!(a.asks("tell b hello").await, "invalid-name");
    assert_eq!(a.asks("tell /nobody hello").await, "no-such-room");
    assert_eq!(a.asks("messages").await, "3 since Some(StartReason::Fresh)");
}

async fn an_event_comes_from_outside(probe: &str) {
    let server = Embedded::start(Server::builder().component(guest(probe)));
    let mut client = server.connect().await;
    while !client.hears().await.starts_with("joined") {}
    for text in ["grüße", "last"] {
        server.handle.send_event("main", "shop", text, false).await.expect("the probe takes events");
        assert_eq!(client.hears().await, format!("event api:shop {text}"));
    }
}
