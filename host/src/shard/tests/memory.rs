//! The verdicts on clients that make the shard hold too much, or for too long.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::verdicts::suspend;
use super::{TestClient, with_limits};
use crate::config::Limits;

const MIB: usize = 1 << 20;

fn share(bytes: usize) -> Limits {
    Limits {
        client_memory_bytes: Some(bytes),
        max_message_bytes: 8 * MIB,
        outbox_hard_bytes: 64 * MIB,
        mailbox_bytes: 64 * MIB,
        close_timeout: Duration::from_secs(3600),
        ping_interval: Duration::from_secs(3600),
        ..Limits::default()
    }
}

/// A frame with this first byte and this many letters, masked with zeros.
fn frame(first: u8, letters: usize) -> Vec<u8> {
    let mut frame = vec![first, 0xff];
    frame.extend((letters as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + letters, b'x');
    frame
}

impl TestClient {
    async fn sends(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.expect("the shard reads");
    }
}

#[test]
fn a_room_that_waits_keeps_no_memory_for_its_handlers() {
    with_limits(Limits::default(), |shard| async move {
        let mut client = shard.join("a").await;
        assert_eq!(client.hears().await, "joined 1");
        let bytes = shard.rooms.get("a").expect("its client is there").loop_bytes();
        assert!((1..=1024).contains(&bytes), "{bytes} bytes");
    });
}

#[test]
fn of_clients_with_unfinished_messages_the_one_with_the_longest_is_closed() {
    with_limits(share(2 * MIB), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        let mut two = shard.join("b").await;
        assert_eq!(two.hears().await, "joined 2");
        one.sends(&frame(0x01, MIB / 2)).await;
        two.sends(&frame(0x01, MIB)).await;
        two.sends(&frame(0x00, MIB)[..MIB]).await;
        assert_eq!(two.hears().await, "close 1013");
        one.sends(&frame(0x80, 5)).await;
        assert_eq!(one.hears().await.len(), MIB / 2 + 5, "the other goes on");
        assert!(shard.told().contains(&"left 2".to_owned()));
    });
}

#[test]
fn many_small_unfinished_messages_are_bounded_too() {
    with_limits(share(2 * MIB), |shard| async move {
        let mut clients = Vec::new();
        for n in 1..=40 {
            let mut client = shard.join(&format!("room {n}")).await;
            assert_eq!(client.hears().await, format!("joined {n}"));
            client.sends(&frame(0x01, MIB / 10)).await;
            clients.push(client);
        }
        while shard.told().iter().filter(|told| told.starts_with("left")).count() < 20 {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_message_that_is_not_finished_in_time_costs_the_connection() {
    let limits = Limits { message_timeout: Duration::from_millis(200), ..share(2 * MIB) };
    with_limits(limits, |shard| async move {
        let mut slow = shard.join("a").await;
        assert_eq!(slow.hears().await, "joined 1");
        let mut idle = shard.join("a").await;
        assert_eq!([slow.hears().await, idle.hears().await], ["joined 2", "joined 2"]);
        slow.sends(&frame(0x81, 100)[..50]).await;
        assert!(slow.hears().await.contains("ResetWithoutClosingHandshake"));
        assert_eq!(shard.told().last().map(String::as_str), Some("left 1"));
        idle.say("answer me").await;
        assert_eq!(idle.hears().await, "answer me", "a client without a message has time");
    });
}

#[test]
fn messages_that_wait_for_a_suspended_room_count_for_their_sender() {
    with_limits(share(2 * MIB), |shard| async move {
        let mut one = suspend(&shard).await;
        let mut two = shard.join("b").await;
        assert_eq!(two.hears().await, "joined 2");
        let mut many = shard.join("a").await;
        one.say("answer one").await;
        for _ in 0..5 {
            many.sends(&frame(0x81, MIB / 2)).await;
        }
        assert_eq!(many.hears().await, "close 1013");
        shard.go_on.notify_one();
        assert_eq!([one.hears().await, one.hears().await], ["joined 3", "answer one"]);
        two.say("answer two").await;
        assert_eq!(two.hears().await, "answer two");
        shard.is_told("answer two").await;
        assert!(shard.told().iter().all(|told| told.len() < 100), "its messages are dropped");
    });
}

#[test]
fn a_broadcast_that_waits_for_many_counts_once() {
    const RECEIVERS: usize = 8;
    const FRAMES: usize = 10;
    with_limits(share(12 * MIB), |shard| async move {
        let mut clients = Vec::new();
        for n in 1..=RECEIVERS {
            clients.push(shard.join("a").await);
            for client in &mut clients {
                assert_eq!(client.hears().await, format!("joined {n}"));
            }
        }
        for _ in 0..FRAMES {
            clients[0].0.get_mut().write_all(&frame(0x81, MIB)).await.expect("the shard reads");
        }
        for client in &mut clients {
            for _ in 0..FRAMES {
                assert_eq!(client.hears().await.len(), MIB);
            }
        }
    });
}

#[test]
fn a_client_that_does_not_read_answers_for_what_waits_for_it_alone() {
    with_limits(share(12 * MIB), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        let mut stuck = shard.join("b").await;
        assert_eq!(stuck.hears().await, "joined 2");
        // The shard cuts it in the middle.
        while stuck.0.get_mut().write_all(&frame(0x81, MIB)).await.is_ok() {}
        while !shard.told().contains(&"left 2".to_owned()) {
            tokio::task::yield_now().await;
        }
        one.say("answer me").await;
        assert_eq!(one.hears().await, "answer me");
    });
}
