//! Clients with sessions whose rooms are their own.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use super::super::{Bench, with_names};
use super::Resuming;
use crate::bus::Names;
use crate::config::Limits;
use crate::protocol::resume::Outcome;
use crate::room::{Decision, Stores};

/// Runs a test against a shard with a room for each client, which ends when the client has left.
fn with_private_rooms<F: Future<Output = ()>>(test: impl FnOnce(Rc<Bench>) -> F) {
    let stores = |journal: &super::super::journal::Waits| Stores::journaled(journal.journal(), 64 << 20);
    with_names(Names::Nameless, (Limits::default(), Some(Duration::ZERO)), stores, test);
}

#[test]
fn a_gate_that_fails_on_the_name_of_a_session_costs_that_sessions_room_nothing() {
    with_private_rooms(|shard| async move {
        let mut client = Resuming::new(&shard, "private-1").await;
        assert_eq!(client.hears().await, "joined 1");
        shard.have_fail(&["gate"]);
        let decision = shard.asks_with("private-2", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        assert_eq!(decision.await.expect("the shard runs"), Decision::refuse(500));
        let last = shard.counters.last_traps();
        assert_eq!(last.iter().map(|trap| trap.room.as_str()).collect::<Vec<_>>(), ["private-2"]);
    });
}

#[test]
fn a_client_that_comes_back_goes_on_in_its_room_and_the_one_that_has_let_it_in_ends() {
    with_private_rooms(|shard| async move {
        let mut client = Resuming::new(&shard, "private-1").await;
        assert_eq!(client.hears().await, "joined 1");
        client.loses_its_line(&shard).await;
        let decision = shard.asks_with("private-2", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        assert_eq!(decision.await.expect("the shard runs"), Decision::accept());
        assert!(shard.rooms.get("private-2").is_some(), "it waits for the client");
        assert_eq!(client.comes_back(&shard, "private-2").await.1, Outcome::Resumed);
        while shard.rooms.get("private-2").is_some() {
            tokio::task::yield_now().await;
        }
        client.says("answer").await;
        assert_eq!(client.hears().await, "answer");
    });
}

#[test]
fn a_client_that_does_not_come_back_to_its_session_joins_the_room_that_has_let_it_in() {
    with_private_rooms(|shard| async move {
        let mut client = Resuming::new(&shard, "private-1").await;
        assert_eq!(client.hears().await, "joined 1");
        let decision = shard.asks_with("private-2", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        assert_eq!(decision.await.expect("the shard runs"), Decision::accept());
        let mut other = shard.connect("private-2", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        other.say(&format!("h1 {} 0", "0".repeat(32))).await;
        assert!(other.hears().await.ends_with("fresh unknown"));
        assert_eq!(other.hears().await, ".joined 2");
        client.says("answer").await;
        assert_eq!(client.hears().await, "answer");
    });
}
