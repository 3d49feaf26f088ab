//! The memory of clients that are away.

use std::rc::Rc;
use std::sync::Arc;

use super::super::{with_limits, with_shard};
use super::Resuming;
use crate::config::Limits;
use crate::protocol::resume::Fresh;
use crate::room::{LineId, Member};
use crate::shard::clock::Clock;
use crate::shard::command::{Address, Command, Delivery, Envelope};
use crate::shard::mailbox::Mailbox;
use crate::shard::resume::Sessions;
use crate::shard::room_task::RoomTask;
use crate::shard::tally::Tally;
use crate::types::{Client, Message, Request};

/// A client of this address whose request has this many bytes, with a session at these.
fn begins(sessions: &Sessions, slot: u32, bytes: usize) -> Rc<crate::shard::resume::KeptSession> {
    let request = Request::new(&"p".repeat(bytes), "", [] as [(&str, &str); 0]);
    let client = Client { id: u64::from(slot).into(), address: ([192, 0, 2, 7], 1).into(), request, agreed: None };
    let member = Arc::new(Member::new(client, LineId { shard: 0, slot }));
    let room = RoomTask::new("a".into(), Mailbox::new(1, 1));
    let (session, _) = sessions.begin(&member, &room, slot, Fresh::New);
    assert!(session.received(slot, 1), "so the client shows its token");
    session
}

fn lose(sessions: &Sessions, session: &Rc<crate::shard::resume::KeptSession>, slot: u32) {
    let clock = Clock::new();
    assert!(sessions.lose(session, LineId { shard: 0, slot }, clock.read()));
}

#[test]
fn a_request_and_each_message_that_waits_count() {
    let sessions = Sessions::new(&Limits::default());
    let session = begins(&sessions, 1, 3000);
    session.keep("x".into(), 1);
    lose(&sessions, &session, 1);
    let before = sessions.away_bytes();
    assert!((5000..6000).contains(&before), "{before}");
    assert!(sessions.keep(&session, "y".into(), 1));
    assert_eq!(sessions.away_bytes() - before, 97);
    assert!(sessions.go_on(&session, LineId { shard: 0, slot: 2 }));
    assert_eq!(sessions.away_bytes(), 0);
}

#[test]
fn without_a_limit_for_each_address_nobody_counts_the_clients_of_one() {
    let sessions = Sessions::new(&Limits::default());
    lose(&sessions, &begins(&sessions, 1, 1), 1);
    assert!(!sessions.may_be_over());
}

#[test]
fn the_longest_away_of_an_address_goes_first() {
    let sessions = Sessions::new(&Limits { max_per_address: Some(2), ..Limits::default() });
    let lost: Vec<_> = (1..=4).map(|slot| begins(&sessions, slot, 1)).collect();
    for (slot, session) in (1..).zip(&lost) {
        lose(&sessions, session, slot);
    }
    assert!(sessions.may_be_over());
    let mut ended = Vec::new();
    while let Some(session) = sessions.next_excess() {
        assert!(sessions.end(&session, None));
        ended.push(session.member().client.id.get());
    }
    assert_eq!(ended, [1, 2]);
    assert!(!sessions.may_be_over());
}

#[test]
fn many_small_messages_are_too_much_as_few_large_ones_are() {
    with_limits(Limits { resume_max_bytes: 4096, ..Limits::default() }, |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let mut other = shard.join("a").await;
        assert_eq!(client.hears().await, "joined 2");
        client.loses_its_line(&shard).await;
        for _ in 0..30 {
            other.say("x").await;
        }
        shard.is_told("left 1").await;
    });
}

#[test]
fn messages_for_clients_that_are_away_are_looked_at_although_nothing_is_written() {
    with_limits(Limits { resume_max_bytes: 4096, ..Limits::default() }, |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.loses_its_line(&shard).await;
        let what = Delivery::Message(Message::text("x".repeat(3000)));
        let (tally, _tallied) = Tally::new();
        shard.command(Command::Deliver(Envelope { to: Address::Room("a".into()), what, tally })).await;
        shard.is_told("left 1").await;
    });
}

#[test]
fn the_attachment_of_a_client_that_is_away_counts() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.says("attach 5000").await;
        client.says("answer").await;
        assert_eq!(client.hears().await, "answer");
        client.loses_its_line(&shard).await;
        assert!(shard.sessions().away_bytes() > 7000, "{}", shard.sessions().away_bytes());
    });
}
