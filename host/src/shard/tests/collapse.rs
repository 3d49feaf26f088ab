//! A room whose loop panics outside of any handler.

use super::verdicts::suspend;
use super::{Bench, with_shard};
use crate::room::Decision;

/// The handler returns, and the commit of its turn panics.
fn collapses(shard: &Bench) {
    shard.have_fail(&["commit"]);
    shard.journal.panic();
    shard.go_on.notify_one();
}

#[test]
fn its_clients_are_closed_with_1011_and_the_room_starts_anew() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        let (mut two, mut other) = (shard.join("a").await, shard.join("b").await);
        assert_eq!(other.hears().await, "joined 3");
        collapses(&shard);
        assert_eq!([one.hears().await, two.hears().await], ["close 1011", "close 1011"]);
        let mut late = shard.join("a").await;
        assert_eq!(late.hears().await, "joined 4");
        assert_eq!(shard.told().iter().filter(|told| *told == "start Fresh").count(), 3, "two rooms, and one anew");
        assert_eq!(shard.counters.rooms(), 2);
        other.say("plain").await;
        assert_eq!(other.hears().await, "plain");
    });
}

#[test]
fn upgrade_requests_that_wait_for_it_are_refused_with_500() {
    with_shard(|shard| async move {
        let _one = suspend(&shard).await;
        let decision = shard.asks_to_join("a").await;
        collapses(&shard);
        assert_eq!(decision.await, Ok(Decision::refuse(500)));
        shard.journal.panic();
        assert_eq!(shard.asks_to_join("a").await.await, Ok(Decision::refuse(500)), "the one whose decision panics too");
        shard.have_fail(&[]);
        assert_eq!(shard.asks_to_join("a").await.await, Ok(Decision::accept()));
    });
}

#[test]
fn a_client_that_waits_for_the_reply_to_its_close_frame_gets_one() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        one.close().await;
        // The shard has read the close frame when it hears the next client.
        let mut other = shard.join("b").await;
        assert_eq!(other.hears().await, "joined 2");
        collapses(&shard);
        assert_eq!(one.hears().await, "close 1011");
    });
}
