//! Lines of a session: the hello, and messages that wait for the next line.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::{with_limits, with_shard};
use super::{Resuming, fresh};
use crate::config::Limits;
use crate::protocol::resume::{Fresh, Outcome};
use crate::room::Decision;
use crate::shard::resume::Claim;

#[test]
fn a_client_that_asks_for_a_session_joins_with_its_hello_and_its_messages_have_a_byte_in_front() {
    with_shard(|shard| async move {
        let mut line = shard.connect("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
        let mut other = shard.join("a").await;
        assert_eq!(other.hears().await, "joined 2");
        line.say("h1 - 0").await;
        let welcome = line.hears().await;
        assert!(welcome.starts_with("w1 0-1-") && welcome.ends_with(" 0 120000 fresh new"), "{welcome}");
        assert_eq!([line.hears().await, other.hears().await], [".joined 1", "joined 1"]);
        line.say(".hello").await;
        assert_eq!([line.hears_past("r1").await, other.hears().await], [".hello", "hello"]);
        line.say("p77").await;
        assert_eq!(line.hears_past("r1").await, "q77");
        assert_eq!(shard.told()[1..], ["joined 2", "joined 1", "hello"]);
    });
}

#[test]
fn a_client_that_does_not_say_hello_first_is_closed_and_its_app_never_hears_of_it() {
    with_shard(|shard| async move {
        for first in [".hello", "r0", "hello", "h2 - 0", "h1 x 0"] {
            let mut line = shard.connect("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
            line.say(first).await;
            assert_eq!(line.hears().await, "close 1002", "{first}");
        }
        let mut other = shard.join("a").await;
        assert_eq!(other.hears().await, "joined 6");
    });
}

#[test]
fn a_hello_has_as_long_as_a_handshake() {
    let limits = Limits { handshake_timeout: Duration::from_millis(10), ..Limits::default() };
    with_limits(limits, |shard| async move {
        let mut line = shard.connect("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
        let end = line.hears().await;
        assert!(!end.starts_with('w'), "{end}");
    });
}

#[test]
fn messages_to_a_client_that_is_away_come_once_and_in_order_when_it_is_back() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let mut other = shard.join("a").await;
        assert_eq!(client.hears().await, "joined 2");
        client.loses_its_line(&shard).await;
        for text in ["one", "two"] {
            other.say(text).await;
        }
        shard.is_told("two").await;
        client.says("mine").await;
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
        assert_eq!([client.hears().await, client.hears().await, client.hears().await], ["one", "two", "mine"]);
        assert!(!shard.told().iter().any(|told| told.starts_with("left")), "{:?}", shard.told());
        assert_eq!(shard.sessions().away_bytes(), 0);
    });
}

#[test]
fn a_message_that_the_client_had_received_does_not_come_again() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.says("answer 1").await;
        assert_eq!(client.hears().await, "answer 1");
        client.loses_its_line(&shard).await;
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
        client.says("answer 2").await;
        assert_eq!(client.hears().await, "answer 2");
        assert_eq!(shard.told()[2..], ["answer 1", "answer 2"]);
    });
}

#[test]
fn a_new_line_takes_the_place_of_one_that_nobody_has_noticed_as_lost() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        client.is_read().await;
        let (before, outcome) = client.comes_back(&shard, "a").await;
        assert_eq!(outcome, Outcome::Resumed);
        let mut before = before.expect("it had a line");
        assert_eq!(before.hears().await, "close 1001");
        client.says("answer").await;
        assert_eq!(client.hears().await, "joined 1");
        assert_eq!(client.hears().await, "answer");
        assert_eq!(shard.told()[1..], ["joined 1", "answer"]);
    });
}

#[test]
fn a_wrong_token_begins_anew_and_leaves_the_session_as_it_is() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.loses_its_line(&shard).await;
        let mut thief = shard.connect("a", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        thief.say(&format!("h1 {} 0", "0".repeat(32))).await;
        assert!(thief.hears().await.ends_with("fresh unknown"));
        assert_eq!(thief.hears().await, ".joined 2");
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
        assert_eq!(client.hears().await, "joined 2");
    });
}

#[test]
fn a_session_is_found_in_its_own_room_only() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.loses_its_line(&shard).await;
        assert_eq!(client.comes_back(&shard, "b").await.1, fresh(Fresh::Unknown));
    });
}

#[test]
fn a_room_that_is_full_takes_its_own_clients_back_and_no_others_that_claim_to_be() {
    with_limits(Limits { max_room_clients: Some(1), ..Limits::default() }, |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.loses_its_line(&shard).await;
        let mut other = shard.connect("a", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        other.say(&format!("h1 {} 0", "0".repeat(32))).await;
        assert!(other.hears().await.ends_with("fresh unknown"));
        assert_eq!(other.hears().await, "close 1013");
        let decision = shard.asks_with("a", Ipv4Addr::LOCALHOST, Some(client.claim)).await.await.expect("the shard runs");
        assert_eq!(decision, Decision::accept());
        let refused = shard.asks_with("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await.await.expect("the shard runs");
        assert_eq!(refused, Decision::refuse(503));
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
    });
}

#[test]
fn a_turn_that_waits_for_the_journal_reaches_the_line_that_its_client_has_by_then() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.says("write this").await;
        shard.journal.wait_for(1).await;
        client.says("answer").await;
        shard.is_told("answer").await;
        client.loses_its_line(&shard).await;
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
        shard.journal.finish();
        assert_eq!([client.hears().await, client.hears().await], ["write this", "answer"]);
    });
}
