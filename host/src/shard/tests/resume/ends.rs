//! How a session ends.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message as Sent};

use super::super::{with_limits, with_shard};
use super::{Resuming, fresh, short};
use crate::config::Limits;
use crate::protocol::resume::{Fresh, FromClient, Outcome};
use crate::shard::resume::Claim;
use crate::types::Message;

#[test]
fn a_client_that_stays_away_for_too_long_leaves_and_learns_why() {
    with_limits(short(), |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.loses_its_line(&shard).await;
        shard.is_told("left 1").await;
        assert_eq!(client.comes_back(&shard, "a").await.1, fresh(Fresh::Expired));
        assert_eq!(client.hears().await, "joined 2");
    });
}

#[test]
fn a_client_for_which_too_much_waits_leaves_and_learns_why() {
    with_limits(Limits { resume_bytes: 1000, ..Limits::default() }, |shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let mut other = shard.join("a").await;
        client.loses_its_line(&shard).await;
        other.say(&"x".repeat(900)).await;
        other.is_read_with_messages().await;
        assert_eq!(shard.sessions().away(), 1);
        other.say(&"y".repeat(200)).await;
        shard.is_told("left 1").await;
        assert_eq!(client.comes_back(&shard, "a").await.1, fresh(Fresh::TooMuch));
    });
}

#[test]
fn a_message_of_a_client_that_breaks_the_protocol_ends_its_session() {
    with_shard(|shard| async move {
        for message in ["h1 - 0", "r77", "hello", "r", "w"] {
            let mut client = Resuming::new(&shard, "a").await;
            client.is_read().await;
            client.line().say(message).await;
            assert_eq!(client.line().hears_last().await, "close 1002", "{message}");
            client.session.lost();
            assert_eq!(client.comes_back(&shard, "a").await.1, fresh(Fresh::Unknown), "{message}");
        }
        assert!(shard.told().contains(&"left 1".to_owned()));
    });
}

#[test]
fn a_close_frame_of_the_client_ends_its_session_but_for_one_that_gives_the_line_up() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.is_read().await;
        let frame = |code: u16| Sent::Close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() }));
        client.line().0.send(frame(3003)).await.expect("it is connected");
        assert_eq!(client.line().hears().await, "close 3003");
        shard.has_away(1).await;
        client.session.lost();
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
        client.is_read().await;
        client.line().0.send(frame(1000)).await.expect("it is connected");
        assert_eq!(client.line().hears().await, "close 1000");
        shard.is_told("left 1").await;
        client.session.lost();
        assert_eq!(client.comes_back(&shard, "a").await.1, fresh(Fresh::Unknown));
    });
}

#[test]
fn a_session_ends_with_a_handler_that_fails_on_a_message_of_its_client_who_is_away_by_then() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.says("flood and fail").await;
        shard.is_told("flood and fail").await;
        client.loses_its_line(&shard).await;
        shard.go_on.notify_one();
        shard.is_told("left 1").await;
        let hello = client.session.hello();
        let mut line = shard.connect("a", Ipv4Addr::LOCALHOST, Some(client.claim)).await;
        let Message::Text(hello) = FromClient::Hello(hello).write() else { panic!("hello is text") };
        line.say(&hello).await;
        assert!(line.hears().await.ends_with("fresh failed"));
    });
}

#[test]
fn a_failure_that_is_none_of_the_clients_leaves_its_session() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let mut other = shard.join("a").await;
        assert_eq!(client.hears().await, "joined 2");
        client.loses_its_line(&shard).await;
        other.say("trap on this").await;
        shard.is_told("left 2").await;
        assert_eq!(client.comes_back(&shard, "a").await.1, Outcome::Resumed);
        client.says("answer").await;
        assert_eq!(client.hears().await, "answer");
    });
}

#[test]
fn a_host_that_keeps_no_sessions_says_so_and_its_clients_leave_with_their_lines() {
    with_limits(Limits { resume_for: Duration::ZERO, ..Limits::default() }, |shard| async move {
        let mut line = shard.connect("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
        line.say("h1 - 0").await;
        assert!(line.hears().await.ends_with(" 0 0 fresh off"));
        assert_eq!(line.hears().await, ".joined 1");
        line.say("r1").await;
        line.say(".hello").await;
        assert_eq!(line.hears_past("r1").await, ".hello");
        drop(line);
        shard.is_told("left 1").await;
    });
}

#[test]
fn a_client_that_has_never_shown_its_token_leaves_with_its_line() {
    with_shard(|shard| async move {
        let mut line = shard.connect("a", Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
        line.say("h1 - 0").await;
        shard.is_told("joined 1").await;
        drop(line);
        shard.is_told("left 1").await;
    });
}

#[test]
fn the_longest_away_goes_first_when_too_much_is_kept_for_those_who_are_away() {
    with_limits(Limits { resume_max_bytes: 5000, ..Limits::default() }, |shard| async move {
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(Resuming::new(&shard, "a").await);
        }
        for client in &mut clients[..2] {
            client.is_read().await;
            client.loses_its_line(&shard).await;
        }
        clients[2].is_read().await;
        clients[2].session.lost();
        clients[2].line = None;
        shard.is_told("left 1").await;
        assert_eq!(shard.sessions().away(), 2);
        assert_eq!(clients[1].comes_back(&shard, "a").await.1, Outcome::Resumed);
    });
}

#[test]
fn no_more_clients_of_an_address_are_away_than_it_may_have_connections() {
    with_limits(Limits { max_per_address: Some(1), ..Limits::default() }, |shard| async move {
        let mut clients = [Resuming::new(&shard, "a").await, Resuming::new(&shard, "a").await];
        clients[0].is_read().await;
        clients[0].loses_its_line(&shard).await;
        clients[1].is_read().await;
        clients[1].session.lost();
        clients[1].line = None;
        shard.is_told("left 1").await;
        assert_eq!(clients[1].comes_back(&shard, "a").await.1, Outcome::Resumed);
    });
}
