//! The store of a room that a journal keeps.

use std::time::Duration;

use super::{Bench, TestClient, with_linger, with_shard};
use crate::config::Limits;

impl Bench {
    /// A client that has joined room `a` as the first one.
    async fn first(&self) -> TestClient {
        let mut one = self.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one
    }

    /// Has a client say something that writes, and hear it when it is durable.
    async fn keeps(&self, client: &mut TestClient, text: &str) {
        client.say(text).await;
        self.journal.wait_for(1).await;
        self.journal.finish();
        assert_eq!(client.hears().await, text);
    }
}

#[test]
fn reads_see_writes_that_are_not_durable_yet_and_are_held_behind_them() {
    with_shard(|shard| async move {
        let mut one = shard.first().await;
        one.say("write 1").await;
        one.say("read write 1").await;
        shard.journal.wait_for(1).await;
        shard.mark("not yet").await;
        assert_eq!(one.hears().await, "not yet");
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await], ["write 1", "write 1"]);
        assert_eq!((shard.journal.durable("a"), shard.journal.reads()), (vec!["write 1=write 1".to_owned()], 1), "by `set`");
    });
}

#[test]
fn a_read_that_misses_suspends_its_room_and_no_other() {
    with_shard(|shard| async move {
        shard.journal.preset("a", "key", "value");
        let (mut one, mut other) = (shard.join("a").await, shard.join("b").await);
        assert_eq!([one.hears().await, other.hears().await], ["joined 1", "joined 2"]);
        shard.journal.hold_reads();
        one.say("read key").await;
        one.say("plain 2").await;
        while shard.journal.reads() == 0 {
            tokio::task::yield_now().await;
        }
        other.say("plain").await;
        assert_eq!(other.hears().await, "plain");
        shard.mark("not yet").await;
        assert_eq!(one.hears().await, "not yet");
        shard.journal.read_on();
        assert_eq!([one.hears().await, one.hears().await], ["value", "plain 2"]);
        one.say("read key").await;
        assert_eq!((one.hears().await.as_str(), shard.journal.reads()), ("value", 1), "it is cached now");
    });
}

#[test]
fn a_handler_that_fails_commits_nothing() {
    with_shard(|shard| async move {
        let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
        assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
        one.say("trap write").await;
        assert_eq!(one.hears().await, "close 1011");
        two.say("read trap write").await;
        assert_eq!((two.hears().await.as_str(), shard.journal.waiting()), ("nothing", 0));
    });
}

#[test]
fn a_journal_that_takes_no_writes_has_set_answer_so_until_it_does_again() {
    with_shard(|shard| async move {
        let mut one = shard.first().await;
        shard.journal.refuse(true);
        one.say("write 1").await;
        assert_eq!(one.hears().await, "the store is not available now");
        shard.journal.refuse(false);
        shard.keeps(&mut one, "write 2").await;
    });
}

#[test]
fn a_room_that_starts_anew_after_a_failed_journal_has_what_was_durable() {
    with_shard(|shard| async move {
        let mut one = shard.first().await;
        shard.keeps(&mut one, "write 1").await;
        one.say("write 2").await;
        shard.journal.wait_for(1).await;
        shard.journal.fail();
        assert_eq!(one.hears().await, "close 1011");
        let mut late = shard.join("a").await;
        assert_eq!(late.hears().await, "joined 2");
        late.say("read write 1").await;
        late.say("read write 2").await;
        assert_eq!([late.hears().await, late.hears().await], ["write 1", "nothing"]);
        shard.keeps(&mut late, "write 3").await;
    });
}

#[test]
fn a_room_that_retires_and_opens_again_has_its_store() {
    with_linger(Limits::default(), Some(Duration::ZERO), |shard| async move {
        let mut one = shard.first().await;
        shard.keeps(&mut one, "write 1").await;
        one.close().await;
        while shard.counters.rooms() > 0 {
            tokio::task::yield_now().await;
        }
        let mut two = shard.join("a").await;
        two.say("read write 1").await;
        assert_eq!([two.hears().await, two.hears().await], ["joined 2", "write 1"]);
    });
}
