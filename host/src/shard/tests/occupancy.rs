//! How long a room waits for clients that it has let in.

use std::time::Duration;

use super::{Bench, with_linger};
use crate::config::Limits;
use crate::room::Decision;
use crate::shard::command::Command;

/// Lets a client into this room, and waits for the commands before it.
async fn let_in(shard: &Bench, room: &str) {
    assert_eq!(shard.asks_to_join(room).await.await, Ok(Decision::accept()));
}

#[test]
fn a_room_ends_with_the_last_client_that_it_has_let_in_and_that_does_not_come() {
    with_linger(Limits::default(), Some(Duration::ZERO), |shard| async move {
        let_in(&shard, "a").await;
        let_in(&shard, "a").await;
        shard.command(Command::Withdraw("a".into())).await;
        let_in(&shard, "b").await;
        assert_eq!(shard.counters.rooms(), 2);
        shard.command(Command::Withdraw("a".into())).await;
        shard.command(Command::Withdraw("unknown".into())).await;
        let_in(&shard, "b").await;
        assert_eq!(shard.counters.rooms(), 1);
    });
}

#[test]
fn a_room_does_not_wait_for_a_client_that_does_not_hear_that_it_is_let_in() {
    with_linger(Limits::default(), Some(Duration::ZERO), |shard| async move {
        drop(shard.asks_to_join("a").await);
        let_in(&shard, "b").await;
        assert_eq!(shard.counters.rooms(), 1);
    });
}

#[test]
fn a_room_whose_circuit_is_open_ends_with_the_last_client_that_it_has_let_in() {
    let limits = Limits { max_restarts: 0, ..Limits::default() };
    with_linger(limits, Some(Duration::ZERO), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        let_in(&shard, "a").await;
        one.say("trap it").await;
        assert_eq!(one.hears().await, "close 1011");
        let mut two = shard.join("a").await;
        assert_eq!(two.hears().await, "close 1013");
        assert_eq!(shard.counters.rooms(), 0);
    });
}
