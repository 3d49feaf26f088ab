//! The rules of edges.

use bytes::Bytes;

use super::rules::{OTHER, US, at, edge, exchange, neighbours, owner, serving, to_owner};
use crate::{Edge, Effect, Event, Input, Letter, Limits, Message, Time, Timing, Told};

#[test]
fn an_edge_stops_when_its_room_has_an_older_epoch() {
    let (_, mut edge) = serving(Limits::default());
    edge.receive(US, 4, 1, Message::NotOwner);
    edge.poll(at(1000));
    assert_eq!(edge.effects(), [Effect::Find]);
    edge.found(OTHER, 3);
    assert_eq!(edge.effects(), [Effect::Restored]);
}

#[test]
fn an_edge_does_not_stop_because_its_node_has_not_heard_that_it_gave_the_room_up() {
    let (_, mut edge) = serving(Limits::default());
    edge.receive(OTHER, 7, 0, Message::Call);
    edge.receive(OTHER, 7, 1, Message::NotOwner);
    edge.poll(at(1000));
    assert_eq!(edge.effects(), [Effect::Find]);
    edge.found_here(US, 4);
    edge.poll(at(1250));
    assert_eq!(edge.effects(), [Effect::Find]);
}

#[test]
fn an_edge_sends_inputs_again_after_a_time_whatever_its_clock_says() {
    let mut edge = Edge::new(1, Timing::default(), Limits::default());
    edge.join(50, Bytes::new());
    edge.poll(Time::ZERO);
    edge.found(US, 4);
    assert!(matches!(edge.poll(Time::ZERO).as_slice(), [Letter { message: Message::Attach, .. }]));
    assert_eq!(edge.poll(Time::ZERO), []);
    assert_eq!(edge.poll(at(249)), []);
    assert_eq!(edge.poll(at(250)).len(), 1);
}

#[test]
fn an_edge_reads_no_more_when_too_much_waits() {
    let mut edge = Edge::new(1, Timing::default(), Limits { inputs: 3, ..Limits::default() });
    edge.join(50, Bytes::new());
    edge.message(50, Bytes::new());
    assert!(!edge.is_full());
    edge.message(50, Bytes::new());
    assert!(edge.is_full());
}

#[test]
fn an_edge_is_served_though_the_session_before_it_is_heard_of_late() {
    let (mut owner, mut edge) = (owner(Limits::default()), edge(6, Limits::default()));
    edge.poll(at(1)).iter().for_each(|letter| to_owner(&mut owner, letter, 1));
    owner.receive(at(2), OTHER, 1, Message::Members { next: 6, members: Vec::new() }, &neighbours());
    exchange(&mut owner, &mut edge, 3);
    let joined = Input { member: 50, event: Event::Joined, payload: Bytes::new() };
    assert_eq!(owner.take(true), Some(Told::Input(joined)));
}

#[test]
fn an_edge_stops_when_more_inputs_count_than_it_has_sent() {
    let mut edge = edge(6, Limits::default());
    assert_eq!(edge.last_input(), 6);
    edge.receive(US, 4, 6, Message::Welcome { handled: Some(7) });
    assert_eq!(edge.effects(), [Effect::Restored]);
}
