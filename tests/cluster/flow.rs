//! A slow client of another node: the room hears of it as it would of its own.

use super::answer;
use crate::support::Client;
use crate::support::cluster::Cluster;
use crate::support::http::{Raw, upgrade};

/// The bytes of a large message.
const PIECE: usize = 30_000;
/// More large messages than the buffers of two kernels and an outbox hold.
const MANY: usize = 2_000;

/// A client of the owner, and one of another node that reads nothing yet, with its id.
async fn one_and_a_slow_one(cluster: &Cluster) -> (Client, Raw, u64) {
    let (mut one, _) = cluster.joins(0, "/").await;
    let mut slow = Raw::connect(&cluster.nodes[1].address);
    slow.buffers_little();
    slow.says(upgrade("/", &[]).as_bytes());
    assert_eq!(slow.head().status, 101);
    let joined = slow.hears();
    assert_eq!(one.hears().await, joined);
    let id = joined.trim_start_matches("joined ").parse().expect("the probe tells the id");
    (one, slow, id)
}

#[tokio::test]
async fn a_client_of_another_node_that_reads_late_causes_backpressure_and_on_drain_when_it_has_read() {
    // The kernel's buffers have to be full first.
    let cluster = Cluster::with("probe", 2, &["--outbox-hard", "32MiB"]);
    let (mut one, mut slow, id) = one_and_a_slow_one(&cluster).await;
    let piece = "x".repeat(PIECE);
    let (mut sent, mut in_a_row) = (0, 0);
    // Bytes on their way to the edge count too, and go away by themselves.
    while in_a_row < 100 {
        assert!(sent < MANY, "no backpressure after {sent} messages");
        let told = one.asks(&format!("send {id} {piece}")).await;
        assert!(["ok(SendStatus::Queued)", "ok(SendStatus::Backpressure)"].contains(&told.as_str()), "{told}");
        sent += 1;
        in_a_row = if told == "ok(SendStatus::Backpressure)" { in_a_row + 1 } else { 0 };
    }
    let (mut pieces, mut drained) = (0, false);
    while pieces < sent || !drained {
        match slow.frame().1 {
            payload if payload.len() == PIECE => pieces += 1,
            payload => drained |= payload == b"drained",
        }
    }
}

#[tokio::test]
async fn a_client_of_another_node_that_never_reads_is_closed_and_costs_nobody_else() {
    let cluster = Cluster::of("probe", 2);
    let (mut one, _slow, id) = one_and_a_slow_one(&cluster).await;
    let piece = "x".repeat(PIECE);
    for sent in 0.. {
        assert!(sent < MANY, "a client that reads nothing stays");
        one.says(&format!("send {id} {piece}")).await;
        let heard = one.hears().await;
        if heard.starts_with("left ") {
            assert!(heard.starts_with(&format!("left {id}: 1013")), "{heard}");
            break;
        }
    }
    // The answer to the last message is on its way, too.
    while !answer(&mut one, "list").await.ends_with(" of 1") {}
}
