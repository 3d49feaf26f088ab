//! A room without a server: turns, their undoing, and the limits of one handler.

mod batches;
mod durable;
mod fetches;
mod order;
mod requests;
mod timers;

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{
    AttachmentError, Decision, Effect, LineId, Member, Room, RoomLimits, SendError, SendStatus, SubscribeError, Target,
    TimerError, TimerOptions, UpgradeId,
};
use crate::types::{Client, ClientId, Request};

/// A room with the members 1 to `count`.
fn room(count: u64) -> Room {
    let mut room = Room::new("test", RoomLimits::from(&crate::config::Limits::default()), clock);
    for number in 1..=count {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let client = Client { id: id(number), address, request: Request::new("/", "", [] as [(&str, &str); 0]), agreed: None };
        let line = LineId { shard: 0, slot: u32::try_from(number).expect("a small number") };
        room.join(Arc::new(Member::new(client, line)), Bytes::new());
    }
    room
}

thread_local! {
    static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The time that the test has set.
fn clock() -> Instant {
    NOW.get().unwrap_or_else(Instant::now)
}

fn id(number: u64) -> ClientId {
    number.into()
}

fn numbers<'a>(ids: impl Iterator<Item = &'a ClientId>) -> Vec<u64> {
    ids.map(|id| id.get()).collect()
}

/// Whether a type has `Default`: the constant of the type itself comes before the trait's.
trait WithoutDefault {
    const HAS_DEFAULT: bool = false;
}

struct Probe<T>(std::marker::PhantomData<T>);

impl<T> WithoutDefault for Probe<T> {}

impl<T: Default> Probe<T> {
    const HAS_DEFAULT: bool = true;
}

#[test]
fn an_app_cannot_take_its_room_away() {
    const { assert!(!Probe::<Room>::HAS_DEFAULT && Probe::<String>::HAS_DEFAULT) };
}

#[test]
fn a_client_that_the_app_closes_after_its_line_has_ended_is_heard_no_more() {
    let mut room = room(2);
    let member = room.state().member(id(1)).expect("a member").clone();
    member.end_line(member.line().expect("it has a line"));
    assert!(room.hears(id(1)), "its earlier messages may still wait");
    room.close(id(1), 4000, "").expect("a member can be closed");
    assert!(!room.hears(id(1)));
    let turn = room.roll_back();
    assert!(turn.is_empty() && room.hears(id(1)), "undone with the rest");
}

fn waiting(room: &Room, member: u64) -> usize {
    room.buffered_amount(id(member)).expect("a member")
}

/// Commits a handler's turn and returns its outputs, in short.
fn commit(room: &mut Room) -> Vec<String> {
    let turn = room.commit();
    let told = turn.effects().iter().map(|effect| match effect {
        Effect::Send(Target::One { id, .. }, frame) => format!("{} bytes to {id}", frame.len()),
        Effect::Send(Target::Members { except, .. }, frame) => {
            format!("{} bytes to all but {:?}", frame.len(), numbers(except.iter()))
        }
        Effect::Send(Target::Some { receivers, .. }, frame) => {
            format!("{} bytes to {:?}", frame.len(), numbers(receivers.iter().map(|(id, _)| id)))
        }
        Effect::Close { id, info, .. } => format!("close {id} with {}", info.code),
        Effect::Reply(id, ..) => format!("reply to the close of {id}"),
        Effect::Decide(_, decision) => format!("{decision:?}"),
        Effect::Fetch(id, _) => format!("fetch {id}"),
        Effect::CancelFetch(id) => format!("cancel {id}"),
        Effect::Event(event) => format!("{} bytes to the room {}", event.message.as_bytes().len(), event.to),
        Effect::Respond(reply) => format!("{:?}", reply.part),
    });
    let told = told.collect();
    room.reuse(turn);
    told
}

#[test]
fn effects_are_staged_in_the_order_of_the_calls() {
    let mut room = room(2);
    assert_eq!(room.send(id(1), "abc"), Ok(SendStatus::Queued));
    assert_eq!(room.close(id(1), 4000, "bye"), Ok(()));
    assert_eq!(room.broadcast_except("abcd", &[id(2), id(1)]), Ok(()));
    assert_eq!(commit(&mut room), ["5 bytes to 1", "close 1 with 4000", "6 bytes to all but [1, 2]"]);
    assert_eq!(commit(&mut room), [""; 0], "they are handed out once");
}

#[test]
fn a_publish_reaches_who_is_subscribed_at_the_moment_of_the_call() {
    let mut room = room(3);
    assert_eq!((room.subscribe(id(1), "news"), room.subscribe(id(2), "news")), (Ok(()), Ok(())));
    assert_eq!(room.publish("news", "abc", &[]), Ok(()));
    room.unsubscribe(id(1), "news");
    assert_eq!(room.publish("news", "abcd", &[]), Ok(()));
    assert_eq!(room.publish("nothing", "abc", &[]), Ok(()));
    assert_eq!(commit(&mut room), ["5 bytes to [1, 2]", "6 bytes to [2]"]);
}

#[test]
fn changes_of_a_failed_handler_are_undone() {
    let mut room = room(2);
    assert_eq!(room.set_attachment(id(1), "before"), Ok(()));
    assert_eq!(room.subscribe(id(1), "kept"), Ok(()));
    let kept = room.set_timer(Duration::from_secs(1), TimerOptions::ONCE, "kept").expect("a timer can be set");
    commit(&mut room);

    let now = Instant::now();
    assert_eq!((room.set_attachment(id(1), "one"), room.set_attachment(id(1), "two")), (Ok(()), Ok(())));
    assert_eq!(room.attachment(id(1)).map(Bytes::as_ref), Some(&b"two"[..]), "a handler sees its own changes");
    room.unsubscribe(id(1), "kept");
    assert_eq!(room.subscribe(id(2), "new"), Ok(()));
    room.cancel_timer(kept);
    room.set_timer(Duration::ZERO, TimerOptions::ONCE, "").expect("a timer can be set");
    room.deny_new_clients();
    room.allow_new_clients();
    room.deny_new_clients();
    assert_eq!(room.close(id(2), 4000, ""), Ok(()));
    assert_eq!((room.send(id(1), "abc"), room.send(id(2), "abc")), (Ok(SendStatus::Queued), Err(SendError::Closing)));
    assert_eq!(room.broadcast("abc"), Ok(()));
    assert_eq!(room.roll_back(), []);

    assert_eq!(commit(&mut room), [""; 0]);
    assert_eq!(room.attachment(id(1)).map(Bytes::as_ref), Some(&b"before"[..]));
    assert_eq!(room.subscribers("kept").collect::<Vec<_>>(), [id(1)]);
    assert_eq!(room.subscribers("new").count(), 0);
    assert!(room.is_admitting());
    assert_eq!((waiting(&room, 1), waiting(&room, 2)), (0, 0));
    assert_eq!(room.send(id(2), "abc"), Ok(SendStatus::Queued), "it is not closing any more");
    let later = now + Duration::from_secs(10);
    assert_eq!(room.timers_mut().take_due(later).map(|(_, id, _)| id), Some(kept));
    assert_eq!(room.timers_mut().take_due(later), None);
}

#[test]
fn waiting_bytes_of_a_client_count_from_the_call_on() {
    let mut room = room(2);
    assert_eq!(room.broadcast_except("abc", &[id(2)]), Ok(()));
    assert_eq!((waiting(&room, 1), waiting(&room, 2)), (5, 0));
    assert_eq!(room.send(id(1), vec![7_u8; 64 << 10]), Ok(SendStatus::Backpressure));
    assert_eq!(room.send(id(2), "abc"), Ok(SendStatus::Queued));
}

#[test]
fn one_handler_stages_at_most_64_mib() {
    let mut room = room(1);
    let message = Bytes::from(vec![7; 1 << 20]);
    let sent = (0..100).take_while(|_| room.send_payload(id(1), false, &message).is_ok()).count();
    assert_eq!(sent, 63);
    assert_eq!(room.send_payload(id(1), false, &message), Err(SendError::Limit));
    assert_eq!(room.broadcast_payload(false, &message, std::iter::empty()), Err(SendError::Limit));
    commit(&mut room);
    assert_eq!(room.send(id(1), "abc"), Ok(SendStatus::Backpressure), "the next handler has its own");
}

#[test]
fn one_handler_stages_at_most_100_000_effects() {
    let mut room = room(1);
    let sent = (0..200_000).take_while(|_| room.send(id(1), "x").is_ok()).count();
    assert_eq!(sent, 100_000);
}

#[test]
fn one_handler_reaches_clients_at_most_10_million_times() {
    let mut room = room(10_000);
    assert!((0..999).all(|_| room.broadcast("x").is_ok()));
    assert!((1..=10_000).all(|member| room.subscribe(id(member), "all").is_ok()));
    assert_eq!(room.publish("all", "x", &[]), Ok(()));
    assert_eq!((room.publish("all", "x", &[]), room.broadcast("x")), (Err(SendError::Limit), Err(SendError::Limit)));
    assert_eq!(room.send(id(1), "x"), Ok(SendStatus::Queued), "single sends have a limit of their own");
    commit(&mut room);
    assert_eq!(room.broadcast("x"), Ok(()), "the next handler has its own");
}

#[test]
fn lists_of_exceptions_count_too() {
    let mut room = room(1);
    let except = vec![id(9); 1 << 20];
    let sent = (0..100).take_while(|_| room.broadcast_payload(true, b"x", except.iter().copied()).is_ok()).count();
    assert_eq!(sent, 7, "8 MiB each");
}

#[test]
fn changing_one_thing_again_and_again_leaves_one_way_back() {
    let mut room = room(1);
    for n in 0..1000_u32 {
        assert_eq!(room.set_attachment(id(1), n.to_le_bytes().to_vec()), Ok(()));
        room.deny_new_clients();
        room.allow_new_clients();
    }
    assert_eq!(room.state().turn.undo_log.len(), 1);
    assert_eq!(room.roll_back(), []);
    assert_eq!(room.attachment(id(1)).map(Bytes::len), Some(0));
}

#[test]
fn limits_have_names() {
    let mut room = room(1);
    assert_eq!(room.set_attachment(id(1), vec![0; (16 << 10) + 1]), Err(AttachmentError::TooBig));
    assert_eq!(room.subscribe(id(1), &"x".repeat(257)), Err(SubscribeError::InvalidTopic));
    assert!((0..1024).all(|n| room.subscribe(id(1), &n.to_string()).is_ok()));
    assert_eq!(room.subscribe(id(1), "one more"), Err(SubscribeError::Limit));
    assert_eq!(room.set_timer(Duration::ZERO, TimerOptions::REPEAT, ""), Err(TimerError::Invalid));
    assert_eq!(room.set_timer(Duration::ZERO, TimerOptions::ONCE, vec![0; (64 << 10) + 1]), Err(TimerError::Invalid));
    assert!((0..10_000).all(|_| room.set_timer(Duration::from_secs(1), TimerOptions::ONCE, "").is_ok()));
    assert_eq!(room.set_timer(Duration::from_secs(1), TimerOptions::ONCE, ""), Err(TimerError::Limit));
    assert_eq!(room.send(id(1), vec![0_u8; (1 << 20) + 1]), Err(SendError::TooBig));
}

#[test]
fn a_leaver_is_removed_from_its_topics_and_known_until_it_is_forgotten() {
    let mut room = room(2);
    assert_eq!(room.subscribe(id(1), "news"), Ok(()));
    assert!(room.leave(id(1)) && !room.leave(id(1)), "once");
    assert_eq!(room.subscribers("news").count(), 0);
    assert_eq!((room.count(), room.client(id(1)).is_some()), (1, true));
    assert_eq!(room.send(id(1), "abc"), Err(SendError::NoSuchClient));
    room.forget_leaver();
    assert!(room.client(id(1)).is_none());
}

/// The members that are over the soft limit with one of the turn's frames, which is committed and queued.
fn queue(room: &mut Room) -> Vec<u64> {
    let turn = room.commit();
    let mut owed = Vec::new();
    for effect in turn.effects() {
        match effect {
            Effect::Send(Target::One { id, over_soft, .. }, _) => owed.extend(over_soft.then_some(*id)),
            Effect::Send(Target::Members { over_soft, .. } | Target::Some { over_soft, .. }, _) => owed.extend(over_soft.iter()),
            _ => {}
        }
    }
    owed.iter().filter_map(|id| room.state().member(*id)).for_each(|member| member.owe_drain());
    room.reuse(turn);
    numbers(owed.iter())
}

/// All that waits for a client is written.
fn write_all(room: &Room, number: u64) -> bool {
    let member = room.state().member(id(number)).expect("a member");
    member.sub_waiting(member.waiting_bytes());
    member.take_drained()
}

#[test]
fn a_drain_is_told_once_for_each_time_that_the_soft_limit_was_passed() {
    let mut room = room(2);
    let large = vec![7_u8; 40 << 10];
    assert_eq!(room.send(id(1), large.clone()), Ok(SendStatus::Queued));
    assert_eq!(queue(&mut room), [0; 0]);
    assert!(!write_all(&room, 1), "it was not passed");
    assert_eq!((room.broadcast(large.clone()), room.broadcast(large.clone())), (Ok(()), Ok(())));
    assert_eq!(queue(&mut room), [1, 2]);
    assert_eq!([write_all(&room, 1), write_all(&room, 1), write_all(&room, 2)], [true, false, true]);
    assert_eq!((room.subscribe(id(2), "news"), room.send(id(2), large.clone())), (Ok(()), Ok(SendStatus::Queued)));
    assert_eq!(room.publish("news", large, &[]), Ok(()));
    assert_eq!(queue(&mut room), [2]);
    assert_eq!((write_all(&room, 1), write_all(&room, 2)), (false, true));
}

#[test]
fn staged_bytes_have_not_drained_and_a_failed_handler_owes_no_drain() {
    let mut room = room(1);
    let large = vec![7_u8; 70 << 10];
    let member = Arc::clone(room.state().member(id(1)).expect("a member"));
    assert_eq!(room.send(id(1), large.clone()), Ok(SendStatus::Backpressure));
    assert_eq!(room.roll_back(), []);
    assert!(!write_all(&room, 1), "nobody knows of it any more");

    assert_eq!(room.send(id(1), large), Ok(SendStatus::Backpressure));
    let first = member.waiting_bytes();
    queue(&mut room);
    // The next handler is suspended while the first one's bytes are written.
    assert_eq!(room.send(id(1), "more"), Ok(SendStatus::Backpressure));
    member.sub_waiting(first);
    assert!(!member.take_drained(), "more waits, though it is only staged");
    assert_eq!(room.roll_back(), [id(1)], "nothing waits any more");
    assert!(!member.take_drained(), "it is told once");
}

#[test]
fn a_failed_handler_leaves_the_drain_that_a_held_turn_owes() {
    let mut room = room(1);
    assert_eq!(room.send(id(1), vec![7_u8; 70 << 10]), Ok(SendStatus::Backpressure));
    let held = room.commit();
    assert_eq!(room.send(id(1), "more"), Ok(SendStatus::Backpressure));
    assert_eq!(room.roll_back(), []);
    assert!(matches!(held.effects(), [Effect::Send(Target::One { over_soft: true, .. }, _)]));
}

#[test]
fn a_close_that_is_undone_does_not_bring_back_a_connection_that_has_ended_meanwhile() {
    let mut room = room(2);
    let member = Arc::clone(room.state().member(id(1)).expect("a member"));
    assert_eq!(room.close(id(1), 4000, ""), Ok(()));
    // The handler is suspended while the connection is lost.
    member.set_closing();
    member.end_line(member.line().expect("it has one"));
    assert_eq!(room.roll_back(), []);
    assert_eq!(room.send(id(1), "abc"), Err(SendError::Closing));
    assert_eq!(room.close(id(1), 4000, ""), Ok(()));
    assert_eq!(commit(&mut room), [""; 0], "there is no line to close");
    assert!(!room.reaches(id(1)) && room.reaches(id(2)));
}

#[test]
fn a_broadcast_notes_the_last_member_that_had_joined_before_it() {
    let mut room = room(3);
    room.leave(id(2));
    assert_eq!(room.broadcast("x"), Ok(()));
    let turn = room.commit();
    let [Effect::Send(Target::Members { joined_by, .. }, _)] = turn.effects() else { panic!("one broadcast") };
    assert_eq!(*joined_by, 3, "the number counts joins, not members");
}

#[test]
fn a_turn_that_accepts_a_client_says_so() {
    let mut room = room(0);
    room.decide(UpgradeId(1), Decision::refuse(503));
    let turn = room.commit();
    assert!(!turn.admits());
    room.reuse(turn);
    room.decide(UpgradeId(2), Decision::accept());
    let turn = room.commit();
    assert!(turn.admits());
    room.reuse(turn);
    assert!(!room.commit().admits());
}
