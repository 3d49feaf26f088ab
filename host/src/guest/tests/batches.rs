//! Batches: several messages in one call of the guest.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::{serving, started};
use crate::config::{Grants, Limits};
use crate::guest::instance::Instance;
use crate::guest::splice::with_loop;
use crate::guest::{Engine, Program};
use crate::room::{Effect, Ended, LineId, Member, Room, Turn};
use crate::types::{Client, ClientId, Message, Request};

/// An instance, and its room with the members 1 to 3.
async fn three() -> (Instance, Room) {
    let (instance, mut room) = started().await;
    for number in 1..=3_u32 {
        let (id, address) = (u64::from(number).into(), SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let client = Client { id, address, request: Request::new("/", "", [] as [(&str, &str); 0]), agreed: None };
        room.join(Arc::new(Member::new(client, LineId { shard: 0, slot: number })), Bytes::new());
    }
    (instance, room)
}

/// Calls an instance with a batch of these messages, and tells whether it has failed, how the batch has ended, and what it has left over.
async fn call(instance: &mut Instance, room: &mut Room, batch: &[(u64, Message)]) -> (bool, Ended, Vec<String>) {
    for (from, message) in batch {
        room.add_to_batch((Instant::now(), (*from).into(), message.clone()));
    }
    room.begin_batch();
    let has_failed = instance.on_batch(room).await.is_err();
    let ended = room.end_batch(has_failed);
    let left_over = std::iter::from_fn(|| room.take_left_over());
    let left_over = left_over.map(|(_, from, message)| format!("{from}: {}", message.as_text().unwrap_or("data"))).collect();
    (has_failed, ended, left_over)
}

/// The messages that a turn sends, with their receivers.
fn sent(turn: &Turn) -> Vec<String> {
    let sends = turn.effects().iter().map(|effect| match effect {
        Effect::Send(crate::room::Target::One { id, .. }, frame) => {
            format!("{id}: {}", String::from_utf8_lossy(&turn.bytes_of(frame)[2..]))
        }
        other => format!("{other:?}"),
    });
    sends.collect()
}

fn text(from: u64, text: &str) -> (u64, Message) {
    (from, Message::text(text.to_owned()))
}

#[tokio::test]
async fn the_messages_of_a_batch_are_handled_in_their_order() {
    let (mut instance, mut room) = three().await;
    let batch = [text(2, "a"), (1, Message::binary(vec![b'b'; 900])), text(3, ""), text(2, "d")];
    let (has_failed, ended, left_over) = call(&mut instance, &mut room, &batch).await;
    assert!(!has_failed && ended.earlier.is_none() && left_over.is_empty(), "{ended:?}");
    assert_eq!((ended.begun, ended.from), (4, Some(ClientId::new(2))));
    let turn = room.commit();
    assert_eq!(turn.effects().len(), 4);
    assert_eq!([0, 2, 3].map(|index| sent(&turn)[index].clone()), ["2: a", "3: ", "2: d"]);
    let Effect::Send(_, frame) = &turn.effects()[1] else { panic!("a frame") };
    assert_eq!(turn.bytes_of(frame)[..4], [0x82, 126, 3, 132], "900 bytes of data (RFC 6455 §5.2)");
    room.reuse(turn);

    let (_, ended, _) = call(&mut instance, &mut room, &[text(1, "e"), text(4, "nobody"), text(1, "f")]).await;
    assert_eq!(ended.begun, 2, "who is no member is not heard");
    assert_eq!(sent(&room.commit()), ["1: e", "1: f"]);
}

#[tokio::test]
async fn the_guests_memory_is_as_the_guest_left_it() {
    let (mut instance, mut room) = three().await;
    let z = "2: the first bytes of the guest's memory";
    call(&mut instance, &mut room, &[text(1, "a"), text(2, "z"), text(1, "b"), text(2, "z")]).await;
    assert_eq!(sent(&room.commit()), ["1: a", z, "1: b", z]);
    call(&mut instance, &mut room, &[text(2, "z"), text(2, "b")]).await;
    assert_eq!(sent(&room.commit()), [z, "2: b"]);
}

#[tokio::test]
async fn a_handler_that_traps_takes_the_instance_with_it_and_nothing_of_the_handlers_before_it() {
    let (mut instance, mut room) = three().await;
    let batch = [text(1, "a"), text(2, "b"), text(3, "trap"), text(1, "c"), text(2, "d")];
    let (has_failed, ended, left_over) = call(&mut instance, &mut room, &batch).await;
    assert!(has_failed);
    assert_eq!((ended.begun, ended.from), (3, Some(ClientId::new(3))));
    assert_eq!(sent(&ended.earlier.expect("two handlers have returned")), ["1: a", "2: b"]);
    assert_eq!(left_over, ["2: d", "1: c"], "the last one first");
    assert!(room.commit().effects().is_empty());
}

#[tokio::test]
async fn a_handler_that_was_suspended_is_the_last_of_its_batch() {
    let (mut instance, mut room) = three().await;
    let (_, ended, left_over) = call(&mut instance, &mut room, &[text(1, "a"), text(2, "wait"), text(3, "c")]).await;
    assert_eq!((ended.begun, left_over), (2, vec!["3: c".to_owned()]));
    assert_eq!(sent(&room.commit()), ["1: a", "2: wait"]);
    let (_, ended, _) = call(&mut instance, &mut room, &[text(3, "c"), text(1, "d")]).await;
    assert_eq!(ended.begun, 2, "the next call was not suspended, and handles both");
}

#[tokio::test]
async fn a_message_that_costs_the_instance_costs_no_other_message_that_came_with_it() {
    let (server, mut caller, mut stays) = serving().await;
    // The first one is measured, and so is handled by itself.
    for round in ["first", "second"] {
        stays.send(Frame::text(round)).await.expect("the message is sent");
        assert_eq!(stays.next().await.and_then(Result::ok), Some(Frame::text(round)));
    }
    // They arrive in one segment, so that they are gathered.
    for message in ["a", "b", "trap", "c"] {
        caller.feed(Frame::text(message)).await.expect("the message is buffered");
    }
    caller.flush().await.expect("the messages are sent");
    assert_eq!(caller.next().await.and_then(Result::ok), Some(Frame::text("a")));
    assert_eq!(caller.next().await.and_then(Result::ok), Some(Frame::text("b")));
    server.has_lost(caller, stays).await;
}

#[test]
fn the_names_of_the_loop_are_no_way_into_the_host() {
    let load = |text: &str| {
        let bytes = wat::parse_str(text).expect("it is a component");
        let engine = Engine::new().expect("the machine runs WebAssembly");
        Program::from_bytes(&engine, "own.wasm", &bytes, &Limits::default(), &Grants::default())
    };
    let usual = include_str!("misbehaving.wat");
    let with = |first: &str| usual.replacen("(component", &format!("(component {first}"), 1);
    let own = load(&with(r#"(import "ws-host-next-message" (func))"#)).expect_err("the host gives it to no guest");
    assert!(own.to_string().starts_with("own.wasm imports ws-host-next-message, which this host does not give"), "{own}");
    let module = r#"(core module $m (func (export "f"))) (core instance $i (instantiate $m))"#;
    let export = r#"(func $f (canon lift (core func $i "f"))) (export "ws-host-batch" (func $f))"#;
    assert!(load(&with(&format!("{module} {export}"))).is_ok(), "it is an export like any other");
}

#[test]
fn a_component_gets_the_loop_once_and_only_if_its_functions_have_the_usual_names() {
    let usual = include_str!("misbehaving.wat");
    let spliced = |text: &str| with_loop(&wat::parse_str(text).expect("it is a component"));
    let once = spliced(usual).expect("its names are usual");
    assert!(with_loop(&once).is_none(), "it has the loop");
    assert!(spliced(&usual.replace("cabi_realloc", "allocate")).is_none(), "its allocator may give out the first bytes");
    assert!(spliced(&usual.replace("@0.2.0#on-message", "@0.2.0#mine")).is_none());
    let cleaned_up = r#"(core func $guest "ws-host:server/handler@0.2.0#on-message") (post-return (func $guest "tidy"))"#;
    let text = usual.replace(r#"(core func $guest "ws-host:server/handler@0.2.0#on-message")"#, cleaned_up);
    assert!(spliced(&text).is_none());
    assert!(spliced(&text.replace("tidy", "cabi_post_ws-host:server/handler@0.2.0#on-message")).is_some());
    let utf16 = r#"(core func $guest "ws-host:server/handler@0.2.0#on-message") string-encoding=utf16"#;
    assert!(spliced(&usual.replace(r#"(core func $guest "ws-host:server/handler@0.2.0#on-message")"#, utf16)).is_none());
    assert!(with_loop(b"\0asm\x0d\0\x01\0").is_none(), "it exports nothing");
    assert!(with_loop(&once[..once.len() / 2]).is_none(), "it is cut short");
}
