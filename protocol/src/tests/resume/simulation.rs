//! Any pattern of cuts, at any byte, in either direction, with any order of late and doubled lines: every message arrives once and in
//! order, or both sides know that the state was lost.
//!
//! The test command runs 1,000 seeds. A million take some minutes:
//!
//!     PROPTEST_CASES=1000000 cargo test --release --package ws-protocol resume::simulation

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use super::world::World;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The application of a side sends a message with its number and some padding.
    ClientSends(usize),
    HostSends(usize),
    /// Some bytes of a line arrive. Lines are counted from the last one.
    ReachHost(usize, usize),
    ReachClient(usize, usize),
    /// The bytes on their way are lost, and no more arrive. Neither side notices.
    Cut(usize),
    /// A side notices that a line is cut, or gives up one that is not.
    HostLoses(usize),
    ClientLoses,
    /// The client opens a line, whether or not it has one.
    Connect,
    /// A side tells what it has received.
    HostConfirms,
    ClientConfirms,
    /// A handler fails: the session is over.
    Fail,
}

fn event() -> impl Strategy<Value = Event> {
    let line = || prop_oneof![8 => Just(0usize), 2 => 0..4usize];
    let bytes = || prop_oneof![1 => 1..8usize, 4 => 8..400usize];
    prop_oneof![
        6 => (0..30usize).prop_map(Event::ClientSends),
        6 => (0..30usize).prop_map(Event::HostSends),
        12 => (line(), bytes()).prop_map(|(line, bytes)| Event::ReachHost(line, bytes)),
        12 => (line(), bytes()).prop_map(|(line, bytes)| Event::ReachClient(line, bytes)),
        2 => line().prop_map(Event::Cut),
        2 => line().prop_map(Event::HostLoses),
        2 => Just(Event::ClientLoses),
        4 => Just(Event::Connect),
        1 => Just(Event::HostConfirms),
        1 => Just(Event::ClientConfirms),
        1 => Just(Event::Fail),
    ]
}

/// As many as the environment asks for, or a thousand.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1000)
}

fn play(events: &[Event]) -> World {
    let mut world = World::new();
    world.connect();
    for event in events {
        match *event {
            Event::ClientSends(padding) => world.client_sends(padding),
            Event::HostSends(padding) => world.host_sends(padding),
            Event::ReachHost(line, bytes) => world.reach_host(line, bytes),
            Event::ReachClient(line, bytes) => world.reach_client(line, bytes),
            Event::Cut(line) => world.cut(line),
            Event::HostLoses(line) => world.host_loses(line),
            Event::ClientLoses => world.client_loses(),
            Event::Connect => world.connect(),
            Event::HostConfirms => world.host_confirms(),
            Event::ClientConfirms => world.client_confirms(),
            Event::Fail => world.fail(),
        }
        world.check();
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_arrives_once_and_in_order_or_both_sides_know(events in proptest::collection::vec(event(), 0..150)) {
        let mut world = play(&events);
        world.settle();
        world.check_all_arrived();
    }
}

#[test]
fn the_simulation_resumes_and_begins_anew_often_enough() {
    // Otherwise the property above would hold for want of anything to lose.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut resumed, mut fresh, mut resent) = (0, 0, 0);
    for _ in 0..200 {
        let events = proptest::collection::vec(event(), 150).new_tree(&mut runner).expect("the strategy has values").current();
        let mut world = play(&events);
        world.settle();
        (resumed, fresh, resent) = (resumed + world.resumed, fresh + world.begun_anew, resent + world.resent);
    }
    assert!(resumed > 200 && fresh > 100 && resent > 500, "{resumed} resumed, {fresh} begun anew, {resent} sent again");
}
