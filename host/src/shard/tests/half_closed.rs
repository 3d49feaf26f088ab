//! Clients that send no more while a handler is suspended.

use tokio::io::AsyncWriteExt;

use super::verdicts::suspend;
use super::{Bench, TestClient, with_shard};

/// A client whose answer waits for the journal, and that sends no more.
async fn leaves_an_answer_to_the_journal(shard: &Bench) -> TestClient {
    let mut one = shard.join("a").await;
    assert_eq!(one.hears().await, "joined 1");
    one.say("answer write").await;
    one.0.get_mut().shutdown().await.expect("it is connected");
    shard.journal.wait_for(1).await;
    shard.is_told("left 1").await;
    one
}

#[test]
fn a_client_that_sends_no_more_hears_the_answers_of_a_handler_that_was_suspended() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        one.say("answer me").await;
        one.0.get_mut().shutdown().await.expect("it is connected");
        // The line has read the end before the handler goes on, for the room's mailbox is not full.
        let mut two = shard.join("b").await;
        assert_eq!(two.hears().await, "joined 2");
        shard.go_on.notify_one();
        assert_eq!(one.hears().await, "answer me");
        assert!(one.hears().await.contains("ResetWithoutClosingHandshake"));
        assert_eq!(shard.told().last().map(String::as_str), Some("left 1"));
    });
}

#[test]
fn a_client_that_closes_and_sends_no_more_hears_the_reply_behind_the_answers() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        one.say("answer me").await;
        one.close().await;
        one.0.get_mut().shutdown().await.expect("it is connected");
        shard.go_on.notify_one();
        assert_eq!(one.hears().await, "answer me");
        assert_eq!(one.hears().await, "Some(Ok(Close(None)))");
    });
}

#[test]
fn answers_that_wait_for_the_journal_reach_a_client_that_sends_no_more() {
    with_shard(|shard| async move {
        let mut one = leaves_an_answer_to_the_journal(&shard).await;
        shard.journal.finish();
        assert_eq!(one.hears().await, "answer write");
        assert!(one.hears().await.contains("ResetWithoutClosingHandshake"));
    });
}

#[test]
fn a_failed_journal_closes_a_client_that_sends_no_more() {
    with_shard(|shard| async move {
        let mut one = leaves_an_answer_to_the_journal(&shard).await;
        shard.journal.fail();
        assert_eq!(one.hears().await, "close 1011");
    });
}
