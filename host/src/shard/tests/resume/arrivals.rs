//! Clients with sessions that come back, and the ends of their lines meanwhile.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::{with_limits, with_shard};
use super::{Resuming, fresh};
use crate::app::upgrade::Agreed;
use crate::config::Limits;
use crate::protocol::resume::{Fresh, FromClient};
use crate::room::Decision;
use crate::shard::command::Command;
use crate::shard::resume::Claim;
use crate::types::{CloseInfo, Message};

/// The frame of a text message, masked with zeros.
fn frame(text: &str) -> Bytes {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("it is short");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat().into()
}

#[test]
fn a_client_that_comes_back_as_another_user_begins_anew_and_its_line_is_closed() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        client.is_read().await;
        let (line, mut command) = shard.arrival("a", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        let Command::Join(_, connection) = &mut command else { panic!("it joins") };
        connection.client.agreed = Agreed { user: Some("eve".into()), ..Agreed::default() }.shared();
        shard.command(command).await;
        let mut before = client.line.take().expect("it has a line");
        assert_eq!(client.greets(line).await, fresh(Fresh::Changed));
        assert_eq!(before.hears_last().await, "close 1001");
        shard.is_told("joined 2").await;
        assert!(shard.told().contains(&"left 1".to_owned()));
    });
}

#[test]
fn an_address_on_which_the_app_keeps_failing_is_held_off_although_it_names_a_session() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        shard.have_fail(&["gate"]);
        let address = Ipv4Addr::new(192, 0, 2, 7);
        let mut answers = Vec::new();
        while answers.last() != Some(&Decision::refuse(503)) && answers.len() < 20 {
            answers.push(shard.asks_from("a", address).await.await.expect("the shard runs"));
        }
        let decision = shard.asks_with("a", address, Some(client.claim)).await;
        assert_eq!(decision.await.expect("the shard runs"), Decision::refuse(503));
    });
}

#[test]
fn a_connection_that_waits_for_hello_is_closed_as_the_others_are_when_the_server_ends() {
    with_shard(|shard| async move {
        let mut waiting = shard.connect("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
        waiting.is_read().await;
        shard.command(Command::Drain(Instant::now() + Duration::from_secs(60), CloseInfo::restart())).await;
        assert_eq!(waiting.hears().await, "close 1012");
    });
}

#[test]
fn a_line_that_is_lost_before_all_of_what_waited_is_on_its_way_leaves_its_client_away() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        shard.have_fail(&["note presence"]);
        client.loses_its_line(&shard).await;
        shard.is_told("away 1").await;
        let mut other = shard.join("a").await;
        for _ in 0..3 {
            other.say(&"x".repeat(70 << 10)).await;
        }
        other.is_read_with_messages().await;
        let Message::Text(hello) = FromClient::Hello(client.session.hello()).write() else { panic!("hello is text") };
        let (line, mut command) = shard.arrival("a", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        let Command::Join(_, connection) = &mut command else { panic!("it joins") };
        connection.first = frame(&hello);
        drop(line);
        shard.command(command).await;
        other.say("answer").await;
        other.is_read_with_messages().await;
        shard.has_away(1).await;
        let told = shard.told();
        let presence: Vec<_> = told.iter().filter(|told| told.starts_with("away") || told.starts_with("back")).collect();
        assert!(presence.iter().enumerate().all(|(at, told)| told.starts_with(["away", "back"][at % 2])), "{presence:?}");
    });
}

#[test]
fn a_client_that_closes_while_its_room_is_busy_hears_the_answers_first() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.says("wait here").await;
        shard.is_told("wait here").await;
        client.says("answer me").await;
        client.line().close().await;
        // The line has read the close frame before the handler goes on, for the room's mailbox is not full.
        let mut other = shard.join("b").await;
        assert_eq!(other.hears().await, "joined 2");
        shard.go_on.notify_one();
        assert_eq!(client.hears().await, "answer me");
        assert_eq!(client.line().hears().await, "Some(Ok(Close(None)))");
        assert_eq!(shard.told().last().map(String::as_str), Some("left 1"));
    });
}

#[test]
fn confirmations_are_free_as_long_as_they_confirm_something() {
    let limits = Limits { rate: Some((20, Duration::from_secs(1000))), ..Limits::default() };
    with_limits(limits, |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let mut other = shard.join("b").await;
        let _ = other.hears().await;
        for _ in 1..=30 {
            client.line().say("r0").await;
        }
        assert_eq!(client.line().hears_last().await, "close 1008");
    });
}

#[test]
fn a_client_may_confirm_each_of_many_messages() {
    let limits = Limits { rate: Some((20, Duration::from_secs(1000))), ..Limits::default() };
    with_limits(limits, |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let others = [shard.join("a").await, shard.join("a").await, shard.join("a").await];
        for _ in &others {
            let _ = client.hears().await;
        }
        let mut number = 4;
        for mut other in others {
            for _ in 0..15 {
                other.say("").await;
                assert_eq!(client.hears().await, "");
                number += 1;
                client.line().say(&format!("r{number}")).await;
            }
        }
        client.is_read().await;
    });
}
