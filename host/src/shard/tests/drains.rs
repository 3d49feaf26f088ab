//! `on_drain`: owed by what was sent, and by nothing else.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::protocol::Message as Sent;

use super::{TestClient, with_shard};

impl TestClient {
    /// Sends a ping and waits for its pong.
    async fn is_answered_a_ping(&mut self) {
        self.0.send(Sent::Ping("x".into())).await.expect("it is connected");
        assert!(matches!(self.0.next().await, Some(Ok(Sent::Pong(_)))));
    }
}

#[test]
fn a_handler_that_fails_owes_none_although_a_pong_went_out_meanwhile() {
    with_shard(|shard| async move {
        let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
        assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
        two.say("flood and fail").await;
        shard.is_told("flood and fail").await;
        one.is_answered_a_ping().await;
        shard.go_on.notify_one();
        assert_eq!(two.hears().await, "close 1011");
        one.say("plain").await;
        assert_eq!(one.hears().await, "plain");
        assert!(!shard.told().iter().any(|told| told.starts_with("drained")), "{:?}", shard.told());
    });
}

#[test]
fn a_turn_that_waits_for_the_journal_owes_one_although_a_later_handler_fails() {
    with_shard(|shard| async move {
        let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
        assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
        let large = format!("write {}", "x".repeat(70 << 10));
        two.say(&large).await;
        shard.journal.wait_for(1).await;
        two.say("flood and fail").await;
        shard.is_told("flood and fail").await;
        shard.go_on.notify_one();
        while shard.counters.traps() == 0 {
            tokio::task::yield_now().await;
        }
        shard.journal.finish();
        assert_eq!(one.hears().await, large);
        one.say("plain").await;
        assert_eq!(one.hears().await, "plain");
        assert_eq!(shard.told().iter().filter(|told| *told == "drained 1").count(), 1);
    });
}
