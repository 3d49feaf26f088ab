//! The ends of rooms that a journal keeps, and what the journal does not take.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Bench, TestClient, with_limits, with_linger, with_shard};
use crate::config::Limits;
use crate::room::{Decision, Dormant};
use crate::shard::command::{Address, Delivery, Envelope};
use crate::shard::orders::{Change, Handover, Order};
use crate::shard::probation::Probation;
use crate::shard::tally::Tally;
use crate::store::{Snapshot, Write};
use crate::types::Message;

/// Runs a test against a shard whose rooms end at once when nobody is in them.
fn with_ends<F: Future<Output = ()>>(test: impl FnOnce(Rc<Bench>) -> F) {
    with_linger(Limits::default(), Some(Duration::ZERO), test);
}

/// A client in room `a` whose instance has a state.
async fn keeps_state(shard: &Bench) -> TestClient {
    let mut client = shard.join("a").await;
    assert!(client.hears().await.starts_with("joined"));
    client.say("keep one").await;
    assert_eq!(client.hears().await, "kept");
    client
}

/// Has the shard do all that it has to do: a client of another room hears an answer.
async fn comes_to_rest(shard: &Bench) {
    let mut other = shard.join("other").await;
    assert!(other.hears().await.starts_with("joined"));
    other.say("plain").await;
    assert_eq!(other.hears().await, "plain");
}

async fn closes(shard: &Bench) {
    while shard.counters.rooms() > 0 {
        tokio::task::yield_now().await;
    }
}

fn saves(writes: &[Write]) -> bool {
    writes.iter().any(|write| matches!(write, Write::Save(_)))
}

#[test]
fn an_empty_room_stays_open_while_the_journal_takes_no_writes() {
    with_ends(|shard| async move {
        let mut client = keeps_state(&shard).await;
        shard.journal.refuse(true);
        client.close().await;
        shard.is_told("left 1").await;
        comes_to_rest(&shard).await;
        assert_eq!((shard.rooms.get("a").is_some(), shard.journal.waiting()), (true, 0));
        shard.journal.refuse(false);
        shard.journal.wait_for(1).await;
        assert!(saves(&shard.journal.next_writes()));
    });
}

#[test]
fn at_the_end_of_the_server_rooms_wait_for_a_busy_journal_and_until_their_states_are_durable() {
    with_shard(|shard| async move {
        let _client = keeps_state(&shard).await;
        shard.journal.busy(true);
        let ending = tokio::task::spawn_local({
            let rooms = Rc::clone(&shard.rooms);
            async move { rooms.end().await }
        });
        tokio::task::yield_now().await;
        assert!(!shard.told().iter().any(|told| told == "snapshot"), "its memory is not taken yet");
        shard.journal.busy(false);
        shard.journal.wait_for(1).await;
        assert!(saves(&shard.journal.next_writes()) && !ending.is_finished());
        shard.journal.finish();
        ending.await.expect("it does not panic");
    });
}

#[test]
fn at_the_end_of_the_server_a_state_that_took_its_time_waits_for_a_busy_journal() {
    with_shard(|shard| async move {
        let _client = keeps_state(&shard).await;
        shard.have_fail(&["wait in snapshot"]);
        let ending = tokio::task::spawn_local({
            let rooms = Rc::clone(&shard.rooms);
            async move { rooms.end().await }
        });
        shard.is_told("snapshot").await;
        shard.journal.busy(true);
        shard.go_on.notify_one();
        comes_to_rest(&shard).await;
        assert_eq!(shard.journal.waiting(), 0);
        shard.journal.busy(false);
        shard.journal.wait_for(1).await;
        assert!(saves(&shard.journal.next_writes()));
        shard.journal.finish();
        ending.await.expect("it does not panic");
    });
}

#[test]
fn an_empty_room_stays_open_when_the_journal_became_busy_while_its_state_was_saved() {
    with_ends(|shard| async move {
        let mut client = keeps_state(&shard).await;
        shard.have_fail(&["wait in snapshot"]);
        client.close().await;
        shard.is_told("snapshot").await;
        shard.journal.busy(true);
        shard.have_fail(&[]);
        shard.go_on.notify_one();
        comes_to_rest(&shard).await;
        assert_eq!((shard.rooms.get("a").is_some(), shard.journal.waiting()), (true, 0));
        shard.journal.busy(false);
        shard.journal.wait_for(1).await;
        assert!(saves(&shard.journal.next_writes()));
    });
}

#[test]
fn a_state_that_does_not_fit_into_the_journal_is_not_kept_and_the_room_is_not_clean() {
    with_ends(|shard| async move {
        let mut client = keeps_state(&shard).await;
        shard.journal.full(true);
        client.close().await;
        closes(&shard).await;
        assert_eq!(shard.journal.waiting(), 0);
    });
}

#[test]
fn a_room_of_which_the_journal_has_only_the_name_ends_in_good_order() {
    with_ends(|shard| async move {
        shard.journal.preset_dormant("a", Dormant::new());
        let mut client = shard.join("a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.close().await;
        shard.journal.wait_for(1).await;
        assert!(matches!(*shard.journal.next_writes(), [Write::Close { .. }]));
    });
}

#[test]
fn a_durable_timer_that_does_not_fit_into_the_journal_is_refused() {
    with_ends(|shard| async move {
        let mut client = keeps_state(&shard).await;
        shard.journal.full(true);
        client.say("timer 60000").await;
        assert!(client.hears().await.starts_with("the room has as many timers as it may"));
        shard.journal.full(false);
        client.say("timer 60000").await;
        shard.journal.wait_for(1).await;
    });
}

#[test]
fn a_room_whose_start_writes_starts_over_after_a_pause_while_commits_fail() {
    with_shard(|shard| async move {
        let begun = Instant::now();
        shard.journal.fail_at_once(true);
        shard.have_fail(&["write at start"]);
        let _client = shard.join("a").await;
        while shard.told().iter().filter(|told| told.starts_with("start")).count() < 3 {
            tokio::task::yield_now().await;
        }
        assert!(begun.elapsed() >= Duration::from_secs(1), "the second time it waits");
    });
}

#[test]
fn a_room_that_is_left_after_a_failed_journal_does_not_wait_for_a_client_that_was_refused() {
    let limits = Limits { handshake_timeout: Duration::from_secs(3600), ..Limits::default() };
    with_linger(limits, Some(Duration::ZERO), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("write 1").await;
        shard.journal.wait_for(1).await;
        let decision = shard.asks_to_join("a").await;
        shard.mark("the request is there").await;
        assert_eq!(one.hears().await, "the request is there");
        shard.journal.fail();
        assert_eq!((one.hears().await.as_str(), decision.await), ("close 1011", Ok(Decision::refuse(503))));
        closes(&shard).await;
    });
}

#[test]
fn past_1024_held_turns_messages_of_the_owner_wait_too() {
    with_limits(Limits::default(), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("write 0").await;
        shard.journal.wait_for(1).await;
        let give = |count: usize| {
            for _ in 0..count {
                let what = Delivery::Message(Message::text("owner"));
                shard.rooms.deliver(Envelope { to: Address::Room("a".into()), what, tally: Tally::new().0 });
            }
        };
        give(1023);
        // Those past 1,024 that wait are dropped.
        give(1024 + 7);
        shard.journal.finish();
        assert_eq!(one.hears().await, "write 0");
        for _ in 0..1023 + 1024 {
            assert_eq!(one.hears().await, "owner");
        }
        one.say("plain").await;
        assert_eq!(one.hears().await, "plain");
    });
}

#[test]
fn a_room_that_panics_is_opened_again_to_look_for_its_durable_timers() {
    with_ends(|shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        shard.have_fail(&["commit"]);
        shard.journal.panic();
        one.say("wait here").await;
        shard.go_on.notify_one();
        assert_eq!(one.hears().await, "close 1011");
        while shard.told().iter().filter(|told| told.starts_with("start")).count() < 2 {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn no_room_is_opened_for_its_timer_while_the_server_ends() {
    with_ends(|shard| async move {
        shard.rooms.stop_opening();
        // The shard takes one, and this test the other.
        shard.rooms.set_alarms(vec![("a".into(), 0), ("b".into(), 0)]);
        Rc::clone(&shard.rooms).open_due().await;
        comes_to_rest(&shard).await;
        assert!(shard.rooms.get("a").is_none() && shard.rooms.get("b").is_none());
        assert_eq!(shard.told().iter().filter(|told| told.starts_with("start")).count(), 1);
    });
}

#[test]
fn an_app_that_sets_a_durable_timer_at_its_start_passes_the_trial() {
    with_ends(|shard| async move {
        shard.have_fail(&["write at start"]);
        let tried = shard.rooms.try_out(&shard.rooms.launch()).await;
        assert!(tried.is_ok(), "{tried:?}");
        assert_eq!(shard.journal.waiting(), 0, "nothing of it is kept");
    });
}

#[test]
fn a_room_whose_store_could_not_be_read_hands_on_the_state_that_its_store_has() {
    with_shard(|shard| async move {
        let version = "1".to_owned();
        let snapshot = Snapshot { release: "r".into(), sha256: "r".into(), version, data: "stored".into(), saved_us: 1 };
        shard.journal.preset_dormant("a", Dormant { snapshots: vec![snapshot], is_clean: true, ..Dormant::default() });
        shard.journal.shut(true);
        assert_eq!(shard.join("a").await.hears().await, "close 1013", "it cannot start");
        shard.journal.shut(false);
        let (answer, outcome) = oneshot::channel();
        let probation = Probation::new(Instant::now(), 3);
        let change = Change { next: shard.rooms.launch(), handover: Handover::Snapshot, probation };
        shard.rooms.follow(Order::Swap(change, answer)).await;
        assert!(matches!(outcome.await, Ok(Ok(_))), "the swap succeeds");
        assert_eq!(shard.told(), ["start Swap", "saved stored"]);
    });
}
