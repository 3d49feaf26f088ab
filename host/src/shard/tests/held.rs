//! Outputs that wait for the journal.

use super::with_shard;
use crate::room::Decision;

#[test]
fn outputs_of_a_turn_that_writes_wait_until_it_is_durable() {
    with_shard(|shard| async move {
        let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
        assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
        one.say("write 1").await;
        shard.journal.wait_for(1).await;
        shard.mark("not yet").await;
        assert_eq!([one.hears().await, two.hears().await], ["not yet", "not yet"]);
        shard.journal.finish();
        assert_eq!([one.hears().await, two.hears().await], ["write 1", "write 1"]);
    });
}

#[test]
fn outputs_of_later_turns_wait_behind_it_in_order() {
    with_shard(|shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        for text in ["write 1", "plain 2", "write 3", "answer 4"] {
            one.say(text).await;
        }
        shard.journal.wait_for(2).await;
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await], ["write 1", "plain 2"]);
        shard.mark("not yet").await;
        assert_eq!(one.hears().await, "not yet");
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await], ["write 3", "answer 4"]);
    });
}

#[test]
fn other_rooms_do_not_wait() {
    with_shard(|shard| async move {
        let (mut one, mut other) = (shard.join("a").await, shard.join("b").await);
        one.say("write 1").await;
        shard.journal.wait_for(1).await;
        other.say("plain").await;
        assert_eq!([other.hears().await, other.hears().await], ["joined 2", "plain"]);
    });
}

#[test]
fn a_held_broadcast_does_not_reach_a_client_that_joined_after_it() {
    with_shard(|shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("write 1").await;
        shard.journal.wait_for(1).await;
        let mut late = shard.join("a").await;
        one.say("write 2").await;
        shard.journal.wait_for(2).await;
        shard.journal.finish();
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await, one.hears().await], ["write 1", "joined 2", "write 2"]);
        assert_eq!([late.hears().await, late.hears().await], ["joined 2", "write 2"]);
    });
}

#[test]
fn a_client_that_has_left_by_then_is_passed_over() {
    with_shard(|shard| async move {
        let (mut one, two) = (shard.join("a").await, shard.join("a").await);
        assert_eq!([one.hears().await, one.hears().await], ["joined 1", "joined 2"]);
        one.say("write 1").await;
        shard.journal.wait_for(1).await;
        drop(two);
        one.say("write 2").await;
        shard.journal.wait_for(2).await;
        shard.journal.finish();
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await], ["write 1", "write 2"]);
    });
}

#[test]
fn the_reply_to_a_clients_close_waits_behind_what_was_sent_to_it() {
    with_shard(|shard| async move {
        let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
        assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
        two.say("write 1").await;
        shard.journal.wait_for(1).await;
        one.say("answer 2").await;
        one.close().await;
        two.say("write 3").await;
        shard.journal.wait_for(2).await;
        assert_eq!(shard.told().last().map(String::as_str), Some("write 3"));
        shard.mark("not yet").await;
        assert_eq!(two.hears().await, "not yet");
        shard.journal.finish();
        shard.journal.finish();
        let heard = [one.hears().await, one.hears().await];
        assert!(heard.contains(&"answer 2".to_owned()) && !heard[0].starts_with("close"), "{heard:?}");
    });
}

#[test]
fn a_close_waits_too() {
    with_shard(|shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("write 1").await;
        one.say("close now").await;
        shard.journal.wait_for(1).await;
        shard.mark("not yet").await;
        assert_eq!(one.hears().await, "not yet");
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await], ["write 1", "close 4000"]);
    });
}

#[test]
fn the_close_of_a_client_whose_handler_failed_waits_too() {
    with_shard(|shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("write 1").await;
        one.say("trap now").await;
        shard.journal.wait_for(1).await;
        while shard.counters.traps() == 0 {
            tokio::task::yield_now().await;
        }
        shard.mark("not yet").await;
        assert_eq!(one.hears().await, "not yet");
        shard.journal.finish();
        assert_eq!([one.hears().await, one.hears().await], ["write 1", "close 1011"]);
    });
}

#[test]
fn the_gates_decision_waits_too() {
    with_shard(|shard| async move {
        let mut one = shard.join("a").await;
        one.say("write 1").await;
        shard.journal.wait_for(1).await;
        let mut decision = shard.asks_to_join("a").await;
        shard.mark("not yet").await;
        assert_eq!([one.hears().await, one.hears().await], ["joined 1", "not yet"]);
        assert!(decision.try_recv().is_err(), "it is not decided yet");
        shard.journal.finish();
        assert_eq!(decision.await, Ok(Decision::accept()));
    });
}

#[test]
fn past_1024_held_turns_the_room_takes_no_input_until_some_are_released() {
    with_shard(|shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("write 0").await;
        for n in 1..1100 {
            one.say(&format!("answer {n}")).await;
        }
        shard.journal.wait_for(1).await;
        // The start, the join and 1,024 messages. A client of another room shows that the shard has come to rest.
        let mut other = shard.join("b").await;
        while shard.told().iter().filter(|told| told.contains(' ')).count() < 2 + 1024 {
            tokio::task::yield_now().await;
        }
        other.say("plain").await;
        assert_eq!([other.hears().await, other.hears().await], ["joined 2", "plain"]);
        assert_eq!(shard.told().iter().filter(|told| told.starts_with("answer")).count(), 1023);
        shard.journal.finish();
        assert_eq!(one.hears().await, "write 0");
        for n in 1..1100 {
            assert_eq!(one.hears().await, format!("answer {n}"));
        }
    });
}

#[test]
fn a_journal_that_fails_closes_the_members_and_the_room_starts_anew() {
    with_shard(|shard| async move {
        let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
        let mut other = shard.join("b").await;
        assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
        one.say("write 1").await;
        one.say("plain 2").await;
        shard.journal.wait_for(1).await;
        let decision = shard.asks_to_join("a").await;
        shard.mark("not yet").await;
        assert_eq!([one.hears().await, two.hears().await], ["not yet", "not yet"]);
        shard.journal.fail();
        assert_eq!([one.hears().await, two.hears().await], ["close 1011", "close 1011"]);
        assert_eq!(decision.await, Ok(Decision::refuse(503)));
        let mut late = shard.join("a").await;
        assert_eq!(late.hears().await, "joined 4");
        late.say("plain 5").await;
        assert_eq!(late.hears().await, "plain 5");
        other.say("plain").await;
        assert_eq!([other.hears().await, other.hears().await, other.hears().await], ["joined 3", "not yet", "plain"]);
        assert_eq!(shard.counters.traps(), 0, "it counts as no trap");
        let told = shard.told();
        assert!(!told.iter().any(|told| told.starts_with("left")), "nobody is told to have left: {told:?}");
        assert_eq!(told.iter().filter(|told| *told == "start Fresh").count(), 3, "two rooms, and one anew");
    });
}
