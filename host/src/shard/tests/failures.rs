//! The cost of an app's failures, and the clients that bear it.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Bench, TestClient, with_limits, with_linger};
use crate::config::Limits;
use crate::room::Decision;
use crate::shard::orders::{Change, Handover, Order, Refusal};
use crate::shard::probation::Probation;

/// The second restart within the window opens the circuit.
fn one_restart() -> Limits {
    Limits { max_restarts: 1, ..Limits::default() }
}

/// Two clients in room `a`, which have heard of both.
async fn two_clients(shard: &Bench) -> (TestClient, TestClient) {
    let (mut one, mut two) = (shard.join("a").await, shard.join("a").await);
    assert_eq!([one.hears().await, one.hears().await, two.hears().await], ["joined 1", "joined 2", "joined 2"]);
    (one, two)
}

#[test]
fn a_client_on_whose_message_the_app_failed_is_heard_no_more() {
    with_limits(one_restart(), |shard| async move {
        let (mut one, mut two) = two_clients(&shard).await;
        one.say("wait here").await;
        for n in 1..=10 {
            one.say(&format!("trap {n}")).await;
        }
        one.is_read().await;
        shard.go_on.notify_one();
        assert_eq!(one.hears().await, "close 1011");
        two.say("plain").await;
        assert_eq!(two.hears().await, "plain", "the circuit is not open");
        let traps = shard.told().iter().filter(|told| told.starts_with("trap")).count();
        assert_eq!((traps, shard.counters.traps()), (1, 1));
        let last = shard.counters.last_traps();
        assert_eq!(
            last.iter().map(|trap| (trap.room.as_str(), trap.message.as_str())).collect::<Vec<_>>(),
            [("a", "the test asked for it")]
        );
    });
}

#[test]
fn a_connection_brings_the_circuit_closer_once_whichever_handlers_fail_on_it() {
    with_limits(one_restart(), |shard| async move {
        let (mut one, mut two) = two_clients(&shard).await;
        shard.have_fail(&["left"]);
        one.say("trap it").await;
        assert_eq!(one.hears().await, "close 1011");
        two.say("plain").await;
        assert_eq!(two.hears().await, "plain", "the circuit is not open");
        assert_eq!(shard.counters.traps(), 2);
        // Each further connection counts by itself.
        two.close().await;
        let mut three = shard.join("a").await;
        assert_eq!(three.hears().await, "close 1013");
        assert_eq!(shard.counters.traps(), 3);
    });
}

#[test]
fn a_room_whose_instance_does_not_fit_into_the_process_is_refused_and_none_starts() {
    with_limits(one_restart(), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        shard.have_fail(&["room"]);
        assert_eq!(shard.asks_to_join("b").await.await, Ok(Decision::refuse(503)));
        assert_eq!(shard.asks_to_join("a").await.await, Ok(Decision::accept()), "it has its instance");
        assert_eq!(shard.told().iter().filter(|told| told.starts_with("start")).count(), 1);
        assert_eq!(shard.counters.traps(), 0);
    });
}

#[test]
fn a_swap_whose_instances_do_not_fit_into_the_process_is_refused_before_a_room_changes() {
    with_limits(one_restart(), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        shard.have_fail(&["room"]);
        let probation = Probation::new(Instant::now(), 3);
        let (answer, outcome) = oneshot::channel();
        let change = Change { next: shard.rooms.launch(), handover: Handover::Snapshot, probation };
        shard.rooms.follow(Order::Swap(change, answer)).await;
        let Ok(Err(Refusal::Start(reason))) = outcome.await else { panic!("the swap is refused") };
        assert_eq!(reason, "the test asked for it");
        assert_eq!((launches(&shard), shard.counters.traps()), (1, 0));
        one.say("plain").await;
        assert_eq!(one.hears().await, "plain");
    });
}

/// The number of launches so far.
fn launches(shard: &Bench) -> usize {
    shard.told().iter().filter(|told| told.starts_with("start")).count()
}

#[test]
fn a_room_that_comes_and_goes_and_cannot_start_costs_no_launch_while_its_circuit_is_open() {
    with_linger(Limits::default(), Some(Duration::ZERO), |shard| async move {
        shard.have_fail(&["start"]);
        for _ in 0..10 {
            assert_eq!(shard.asks_to_join("a").await.await, Ok(Decision::refuse(503)));
        }
        assert_eq!((launches(&shard), shard.counters.traps(), shard.counters.rooms()), (6, 6, 0));
    });
}

#[test]
fn an_app_that_cannot_start_costs_a_bounded_number_of_launches_whatever_room_is_asked_for() {
    with_linger(Limits { max_restarts: 0, ..Limits::default() }, Some(Duration::ZERO), |shard| async move {
        shard.have_fail(&["start"]);
        for room in 0..1000 {
            assert_eq!(shard.asks_to_join(&room.to_string()).await.await, Ok(Decision::refuse(503)));
        }
        assert_eq!((launches(&shard), shard.counters.rooms()), (21, 0));
    });
}

#[test]
fn the_circuit_of_a_room_stays_open_when_the_room_has_ended() {
    with_linger(Limits { max_restarts: 0, ..Limits::default() }, Some(Duration::ZERO), |shard| async move {
        let mut one = shard.join("a").await;
        assert_eq!(one.hears().await, "joined 1");
        one.say("trap it").await;
        assert_eq!(one.hears().await, "close 1011");
        assert_eq!(shard.asks_to_join("a").await.await, Ok(Decision::refuse(503)));
        assert_eq!((launches(&shard), shard.counters.rooms()), (1, 0));
        assert_eq!(shard.asks_to_join("b").await.await, Ok(Decision::accept()));
    });
}

const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
const ANOTHER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// The stranger connects this often, and each time sends a message that the app fails on.
async fn stranger_traps(shard: &Bench, times: usize, bystander: &mut TestClient) {
    for _ in 0..times {
        let mut stranger = shard.join_from("a", STRANGER).await;
        assert!(stranger.hears().await.starts_with("joined"));
        assert!(bystander.hears().await.starts_with("joined"));
        stranger.say("trap it").await;
        assert_eq!(stranger.hears().await, "close 1011");
    }
}

#[test]
fn a_stranger_on_whose_messages_the_app_fails_six_times_is_held_off_and_bystanders_stay() {
    with_limits(Limits::default(), |shard| async move {
        let mut bystander = shard.join("a").await;
        assert_eq!(bystander.hears().await, "joined 1");
        let mut neighbour = shard.join_from("a", STRANGER).await;
        assert_eq!([bystander.hears().await, neighbour.hears().await], ["joined 2", "joined 2"]);
        stranger_traps(&shard, 6, &mut bystander).await;
        bystander.say("answer me").await;
        assert_eq!(bystander.hears().await, "answer me", "the circuit is closed");
        for _ in 0..6 {
            assert!(neighbour.hears().await.starts_with("joined"));
        }
        assert_eq!(neighbour.hears().await, "close 1013", "it is another connection of the same address");
        assert_eq!(shard.asks_from("a", STRANGER).await.await, Ok(Decision::refuse(503)));
        assert_eq!(shard.join_from("a", STRANGER).await.hears().await, "close 1013");
        assert_eq!(shard.asks_from("a", ANOTHER).await.await, Ok(Decision::accept()));
        assert_eq!(shard.join_from("a", ANOTHER).await.hears().await, "joined 10");
    });
}

#[test]
fn a_stranger_on_whose_requests_the_gate_fails_is_held_off_and_bystanders_stay() {
    with_limits(one_restart(), |shard| async move {
        let mut bystander = shard.join("a").await;
        assert_eq!(bystander.hears().await, "joined 1");
        shard.have_fail(&["gate"]);
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(shard.asks_from("a", STRANGER).await.await);
        }
        assert_eq!(answers, [500, 500, 503, 503].map(|status| Ok(Decision::refuse(status))));
        bystander.say("plain").await;
        assert_eq!(bystander.hears().await, "plain");
    });
}

#[test]
fn an_app_that_fails_on_clients_of_many_addresses_opens_the_circuit() {
    with_limits(one_restart(), |shard| async move {
        let mut bystander = shard.join_from("a", ANOTHER).await;
        assert_eq!(bystander.hears().await, "joined 1");
        stranger_traps(&shard, 1, &mut bystander).await;
        let mut third = shard.join("a").await;
        assert_eq!([bystander.hears().await, third.hears().await], ["joined 3", "joined 3"]);
        third.say("trap it").await;
        assert_eq!(third.hears().await, "close 1011");
        assert_eq!(bystander.hears().await, "close 1013");
        assert_eq!(shard.asks_from("a", ANOTHER).await.await, Ok(Decision::refuse(503)));
    });
}

#[test]
fn timers_that_fail_count_by_themselves() {
    with_limits(one_restart(), |shard| async move {
        let mut bystander = shard.join("a").await;
        assert_eq!(bystander.hears().await, "joined 1");
        shard.have_fail(&["timer"]);
        bystander.say("tick on").await;
        shard.is_told("start AfterTrap").await;
        stranger_traps(&shard, 1, &mut bystander).await;
        bystander.say("answer me").await;
        assert_eq!(bystander.hears().await, "answer me", "each cause has its own count");
        bystander.say("tick on").await;
        assert_eq!(bystander.hears().await, "close 1013", "the timers' count is full");
    });
}

#[test]
fn another_release_is_not_to_blame_for_the_failures_of_the_one_before() {
    with_limits(one_restart(), |shard| async move {
        let mut bystander = shard.join("a").await;
        assert_eq!(bystander.hears().await, "joined 1");
        stranger_traps(&shard, 2, &mut bystander).await;
        assert_eq!(shard.asks_from("a", STRANGER).await.await, Ok(Decision::refuse(503)));
        let (answer, outcome) = oneshot::channel();
        let probation = Probation::new(Instant::now(), 3);
        let change = Change { next: shard.rooms.launch(), handover: Handover::Snapshot, probation };
        shard.rooms.follow(Order::Swap(change, answer)).await;
        assert!(matches!(outcome.await, Ok(Ok(_))), "the swap succeeds");
        assert_eq!(shard.asks_from("a", STRANGER).await.await, Ok(Decision::accept()));
    });
}
