//! Messages that wait for those of other clients, and what their client sends behind them in the same segment.

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::Message as Sent;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{Bench, TestClient, with_limits, with_shard};
use crate::config::Limits;

/// A frame that breaks a rule: nothing agreed on gives its second reserved bit a meaning.
fn broken() -> Sent {
    let mut frame = Frame::message("broken", OpCode::Data(Data::Text), true);
    frame.header_mut().rsv2 = true;
    Sent::Frame(frame)
}

async fn joins(shard: &Bench) -> TestClient {
    let mut client = shard.join("a").await;
    assert!(client.hears().await.starts_with("joined"));
    client
}

#[test]
fn messages_before_a_frame_that_breaks_a_rule_are_answered_before_the_close_frame() {
    with_shard(|shard| async move {
        let mut client = joins(&shard).await;
        client.says_at_once([Sent::text("one"), Sent::text("two"), broken(), Sent::text("three")]).await;
        assert_eq!([client.hears().await, client.hears().await], ["one", "two"]);
        assert_eq!(client.hears().await, "close 1002");
        assert!(!shard.told().contains(&"three".to_owned()));
    });
}

#[test]
fn messages_before_a_ping_are_answered_before_it() {
    with_shard(|shard| async move {
        let mut client = joins(&shard).await;
        client.says_at_once([Sent::text("one"), Sent::Ping("p".into()), Sent::text("two")]).await;
        assert_eq!(client.hears().await, "one");
        assert_eq!(client.hears().await, "Some(Ok(Pong(b\"p\")))");
        assert_eq!(client.hears().await, "two");
    });
}

#[test]
fn messages_within_the_rate_are_answered_before_the_close_frame_for_one_beyond_it() {
    let limits = Limits { rate: Some((2, Duration::from_secs(1000))), ..Limits::default() };
    with_limits(limits, |shard| async move {
        let mut client = joins(&shard).await;
        client.says_at_once(["one", "two", "three"].map(Sent::text)).await;
        assert_eq!([client.hears().await, client.hears().await], ["one", "two"]);
        assert_eq!(client.hears().await, "close 1008");
    });
}
