//! Messages of a session that wait for those of other clients, and what their client sends behind them in the same segment.

use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::Message as Sent;

use super::super::with_shard;
use super::Resuming;
use crate::protocol::resume::{FromClient, FromHost};
use crate::types::Message;

impl Resuming {
    /// The next message, past confirmations: a sweep sends them at any time.
    async fn next_past_confirmations(&mut self) -> FromHost {
        let mut next = self.next().await;
        while matches!(next, FromHost::Received(_)) {
            next = self.next().await;
        }
        next
    }
}

fn text(message: &FromClient) -> Sent {
    Sent::text(message.write().as_text().expect("the test sends text"))
}

#[test]
fn messages_of_a_session_are_answered_before_what_follows_them() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        let one = text(&FromClient::Message("one".into()));
        client.line().says_at_once([one, text(&FromClient::Ping("p".into()))]).await;
        assert_eq!(client.next_past_confirmations().await, FromHost::Message(Message::text("one")));
        assert_eq!(client.next_past_confirmations().await, FromHost::Pong("p".into()));

        let two = text(&FromClient::Message("two".into()));
        client.line().says_at_once([two, Sent::text("hello")]).await;
        assert_eq!(client.next_past_confirmations().await, FromHost::Message(Message::text("two")));
        assert_eq!(client.line().hears().await, "close 1002");
    });
}

#[test]
fn a_client_with_a_session_that_sends_no_more_hears_the_answer_over_that_line() {
    with_shard(|shard| async move {
        let mut client = Resuming::new(&shard, "a").await;
        assert_eq!(client.hears().await, "joined 1");
        client.says("one").await;
        client.line().0.get_mut().shutdown().await.expect("it is connected");
        assert_eq!(client.hears().await, "one");
    });
}
