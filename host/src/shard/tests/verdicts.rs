//! The verdicts of a suspended room on more than it can take.

use super::{with_limits, with_shard};
use crate::config::Limits;
use crate::room::Decision;
use crate::shard::command::{Address, Command, Delivery, Envelope};
use crate::shard::tally::Tally;
use crate::types::Message;

/// The handler of client 1 in room `a` waits.
pub(super) async fn suspend(shard: &super::Bench) -> super::TestClient {
    let mut one = shard.join("a").await;
    assert_eq!(one.hears().await, "joined 1");
    one.say("wait here").await;
    shard.is_told("wait here").await;
    one
}

#[test]
fn a_room_whose_mailbox_is_full_refuses_upgrade_requests() {
    with_limits(Limits { mailbox_events: 2, ..Limits::default() }, |shard| async move {
        let _one = suspend(&shard).await;
        let (first, second) = (shard.asks_to_join("a").await, shard.asks_to_join("a").await);
        assert_eq!(shard.asks_to_join("a").await.await, Ok(Decision::refuse(503)));
        shard.go_on.notify_one();
        assert_eq!([first.await, second.await], [Ok(Decision::accept()), Ok(Decision::accept())]);
    });
}

#[test]
fn the_gate_is_not_asked_for_a_client_that_waits_no_more() {
    with_shard(|shard| async move {
        let _one = suspend(&shard).await;
        drop(shard.asks_to_join("a").await);
        let waits = shard.asks_to_join("a").await;
        shard.go_on.notify_one();
        assert_eq!(waits.await, Ok(Decision::accept()));
        assert_eq!(shard.told().iter().filter(|told| *told == "asked").count(), 1);
    });
}

#[test]
fn at_most_1024_deliveries_of_the_owner_wait_for_a_room() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        for n in 0..1100 {
            let message = Message::text(format!("owner {n}"));
            let envelope = Envelope { to: Address::Room("a".into()), what: Delivery::Message(message), tally: Tally::new().0 };
            shard.command(Command::Deliver(envelope)).await;
        }
        // It goes past the room, behind the others in the shard's queue.
        shard.mark("all are here").await;
        assert_eq!(one.hears().await, "all are here");
        shard.go_on.notify_one();
        for n in 0..1024 {
            assert_eq!(one.hears().await, format!("owner {n}"));
        }
        one.say("plain").await;
        assert_eq!(one.hears().await, "plain", "the others were dropped");
    });
}
