//! Rooms that hibernate, and what opens them again.

use std::time::Duration;

use super::{Bench, TestClient, with_stores};
use crate::config::Limits;
use crate::room::{Decision, Stores, Total};

/// Runs a test against a shard whose rooms end at once when nobody is in them.
fn with_hibernation<F: Future<Output = ()>>(test: impl FnOnce(std::rc::Rc<Bench>) -> F) {
    in_memory(Limits::default(), Duration::ZERO, test);
}

/// The same with these limits, and rooms that end when they have been empty for this time.
fn in_memory<F: Future<Output = ()>>(limits: Limits, linger: Duration, test: impl FnOnce(std::rc::Rc<Bench>) -> F) {
    with_stores(limits, Some(linger), |_| Stores::in_memory(64 << 20, std::sync::Arc::new(Total::new(1 << 30))), test);
}

impl Bench {
    /// Has a client of room `a` say something, hear the answer, and leave. Returns when the room has ended.
    async fn visits(&self, says: &str, hears: &str) {
        let mut client = self.enters().await;
        client.says_and_hears(says, hears).await;
        client.close().await;
        self.closes().await;
    }

    /// Has a client of room `a` have something kept, and leave, and another one ask to join while the instance's `snapshot` waits.
    async fn asks_to_join_during_snapshot(&self) -> tokio::sync::oneshot::Receiver<Decision> {
        let mut client = self.enters().await;
        client.says_and_hears("keep one", "kept").await;
        client.close().await;
        self.is_told("snapshot").await;
        let decision = self.asks_to_join("a").await;
        self.mark("the request is there").await;
        decision
    }

    /// A client that has entered room `a`.
    async fn enters(&self) -> TestClient {
        let mut client = self.join("a").await;
        let id = *self.next_id.borrow();
        while client.hears().await != format!("joined {id}") {}
        client
    }

    /// Waits until no room is open.
    async fn closes(&self) {
        while self.counters.rooms() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// How many rooms are open, and how many hibernate.
    fn open_and_hibernating(&self) -> (usize, usize) {
        (self.counters.rooms(), self.counters.hibernating())
    }

    /// The reasons and states that instances heard at their starts.
    fn starts(&self) -> Vec<String> {
        self.told().into_iter().filter(|told| told.starts_with("start") || told.starts_with("saved")).collect()
    }
}

impl TestClient {
    pub(super) async fn says_and_hears(&mut self, says: &str, hears: &str) {
        self.say(says).await;
        assert_eq!(self.hears().await, hears);
    }
}

#[test]
fn a_room_that_opens_again_is_restored_with_the_state_that_its_instance_has_saved() {
    with_hibernation(|shard| async move {
        shard.visits("keep one", "kept").await;
        assert_eq!(shard.open_and_hibernating(), (0, 1));
        shard.enters().await;
        assert_eq!(shard.starts(), ["start Fresh", "start Restored", "saved one"]);
        assert_eq!(shard.open_and_hibernating(), (1, 0));
    });
}

#[test]
fn a_room_of_which_nothing_is_kept_is_fresh_each_time() {
    with_hibernation(|shard| async move {
        shard.visits("plain", "plain").await;
        assert_eq!(shard.open_and_hibernating(), (0, 0));
        shard.enters().await;
        assert_eq!(shard.starts(), ["start Fresh", "start Fresh"]);
    });
}

#[test]
fn a_failed_snapshot_costs_the_instance_and_leaves_the_state_of_before() {
    with_hibernation(|shard| async move {
        shard.visits("keep one", "kept").await;
        shard.have_fail(&["snapshot"]);
        shard.visits("keep two", "kept").await;
        assert_eq!(shard.counters.traps(), 1);
        shard.have_fail(&[]);
        shard.enters().await;
        assert_eq!(shard.starts()[3..], ["start Recovered", "saved one"]);
    });
}

#[test]
fn a_client_that_comes_while_the_room_is_asked_for_its_state_finds_it_open() {
    with_hibernation(|shard| async move {
        shard.have_fail(&["wait in snapshot"]);
        let decision = shard.asks_to_join_during_snapshot().await;
        shard.have_fail(&[]);
        shard.go_on.notify_one();
        assert_eq!(decision.await, Ok(Decision::accept()));
        assert_eq!((shard.starts(), shard.open_and_hibernating()), (vec!["start Fresh".to_owned()], (1, 0)));
    });
}

#[test]
fn a_client_that_comes_while_a_snapshot_fails_finds_a_fresh_instance() {
    with_hibernation(|shard| async move {
        shard.have_fail(&["wait in snapshot", "snapshot"]);
        let decision = shard.asks_to_join_during_snapshot().await;
        shard.go_on.notify_one();
        assert_eq!(decision.await, Ok(Decision::accept()));
        assert_eq!(shard.starts(), ["start Fresh", "start AfterTrap"]);
    });
}

#[test]
fn a_state_that_is_refused_stays_until_an_instance_takes_it() {
    let limits = Limits { max_restarts: 0, restart_window: Duration::from_millis(1), ..Limits::default() };
    in_memory(limits, Duration::ZERO, |shard| async move {
        shard.visits("keep one", "kept").await;
        shard.have_fail(&["start"]);
        let mut refused = shard.join("a").await;
        assert_eq!(refused.hears().await, "close 1013");
        shard.closes().await;
        assert_eq!(shard.open_and_hibernating(), (0, 1));
        shard.have_fail(&[]);
        let mut admitted = shard.join("a").await;
        while admitted.hears().await.starts_with("close") {
            admitted = shard.join("a").await;
        }
        assert_eq!(shard.starts().last().map(String::as_str), Some("saved one"));
        assert!(!shard.starts().iter().any(|start| start == "start Recovered"), "nothing has happened since");
    });
}

#[test]
fn a_durable_timer_opens_its_room() {
    with_hibernation(|shard| async move {
        shard.visits("timer 20", "set").await;
        assert_eq!(shard.open_and_hibernating(), (0, 1));
        shard.is_told("ran 20").await;
        shard.closes().await;
        assert_eq!(shard.open_and_hibernating(), (0, 0), "nothing is left to keep");
        assert_eq!(shard.starts(), ["start Fresh", "start Restored"]);
        assert_eq!(shard.told().iter().filter(|told| *told == "ran 20").count(), 1);
    });
}

#[test]
fn a_room_stays_open_for_a_durable_timer_that_is_due_within_its_grace_period() {
    in_memory(Limits { handshake_timeout: Duration::ZERO, ..Limits::default() }, Duration::from_millis(30), |shard| async move {
        let mut client = shard.enters().await;
        client.says_and_hears("timer 40", "set").await;
        client.close().await;
        shard.is_told("ran 40").await;
        assert_eq!(shard.starts(), ["start Fresh"]);
    });
}

#[test]
fn a_durable_timer_whose_handler_fails_three_times_is_dropped() {
    with_hibernation(|shard| async move {
        shard.have_fail(&["timer"]);
        let mut client = shard.enters().await;
        client.says_and_hears("timer 0", "set").await;
        while shard.counters.traps() < 3 {
            tokio::task::yield_now().await;
        }
        shard.have_fail(&[]);
        client.says_and_hears("plain", "plain").await;
        assert_eq!(shard.told().iter().filter(|told| *told == "ran 0").count(), 3);
    });
}

#[test]
fn the_failures_of_a_durable_timer_count_together_over_the_openings_of_its_room() {
    let limits = Limits { max_restarts: 0, restart_window: Duration::from_millis(1), ..Limits::default() };
    in_memory(limits, Duration::ZERO, |shard| async move {
        shard.visits("timer 20", "set").await;
        shard.have_fail(&["timer"]);
        while shard.counters.traps() < 3 || shard.open_and_hibernating() != (0, 0) {
            tokio::task::yield_now().await;
        }
        assert_eq!(shard.told().iter().filter(|told| *told == "ran 20").count(), 3);
    });
}

#[test]
fn a_plain_request_opens_a_room_that_hibernates() {
    with_hibernation(async |bench| {
        bench.visits("keep one", "kept").await;
        assert_eq!(bench.open_and_hibernating(), (0, 1));
        let receiver = bench.asks_plainly("a").await;
        assert!(matches!(super::plain::answer(&receiver).await, crate::requests::Answer::Passed));
        assert_eq!(bench.starts().last().map(String::as_str), Some("saved one"));
    });
}
