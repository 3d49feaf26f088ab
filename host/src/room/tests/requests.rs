//! Plain HTTP requests to a room, and their answers as a part of the turn.

use super::{commit, room};
use crate::requests::{Head, Receiver, RespondError, way};
use crate::room::Room;

/// A room that these requests have come to, with the clients' ends.
fn asked(ids: &[u64]) -> (Room, Vec<Receiver>) {
    let mut room = room(0);
    let receivers = ids.iter().map(|id| {
        let (answering, receiver) = way();
        room.add_request(*id, answering);
        receiver
    });
    let receivers = receivers.collect();
    (room, receivers)
}

#[test]
fn the_requests_without_a_complete_answer_are_listed_in_order() {
    let (mut room, mut clients) = asked(&[3, 10, 1, 2]);
    assert_eq!(room.respond_begin(10, &Head::new(200)), Ok(()));
    assert_eq!(room.respond(2, &Head::new(200), "all"), Ok(()));
    assert_eq!(room.open_requests(), [(1, false), (3, false), (10, true)]);
    drop(room.roll_back());
    assert_eq!(room.open_requests(), [(1, false), (2, false), (3, false), (10, false)]);
    drop(clients.remove(0));
    assert_eq!(room.open_requests(), [(1, false), (2, false), (10, false)], "its client has gone");
}

#[test]
fn an_abort_is_an_effect_and_ends_a_request() {
    let (mut room, _clients) = asked(&[1, 2]);
    assert_eq!(room.respond_begin(1, &Head::new(200)), Ok(()));
    room.abort_response(1);
    assert_eq!(room.respond_end(1), Err(RespondError::NoSuchRequest));
    assert!(room.end_request(1).is_none(), "its end is told to nobody");
    drop(room.roll_back());
    assert_eq!(commit(&mut room), [""; 0]);
    assert_eq!(room.open_requests(), [(1, false), (2, false)]);
    for id in [2, 2, 7] {
        room.abort_response(id);
    }
    assert_eq!(commit(&mut room), ["Abort"]);
    assert_eq!(room.open_requests(), [(1, false)]);
}

#[test]
fn a_handler_that_fails_has_answered_nothing() {
    let mut room = room(0);
    let (first, _first) = way();
    let (second, _second) = way();
    room.add_request(1, first);
    room.add_request(2, second.clone());
    room.respond_begin(2, &Head::new(200)).expect("it is open");
    commit(&mut room);
    room.respond(1, &Head::new(200), "dropped").expect("it is open");
    assert_eq!(room.respond(1, &Head::new(200), "again"), Err(RespondError::NoSuchRequest));
    room.respond_chunk(2, "dropped").expect("it has begun");
    room.respond_end(2).expect("it has begun");
    assert_eq!(second.waiting(), "dropped".len());
    assert_eq!(room.roll_back(), []);
    assert_eq!(second.waiting(), 0, "a chunk that is dropped waits nowhere");
    assert!(room.has_request(1) && room.has_request(2));
    assert_eq!(room.respond_chunk(1, "early"), Err(RespondError::WrongOrder));
    assert_eq!(room.respond(2, &Head::new(200), "whole"), Err(RespondError::WrongOrder), "its beginning was of an earlier turn");
    room.respond(1, &Head::new(200), "").expect("it is open");
    room.respond_end(2).expect("it has begun");
    assert!(!room.has_requests());
}

#[test]
fn a_beginning_of_a_handler_that_fails_has_not_begun() {
    let mut room = room(0);
    let (answering, _receiver) = way();
    room.add_request(1, answering);
    room.respond_begin(1, &Head::new(200)).expect("it is open");
    assert_eq!(room.roll_back(), []);
    assert_eq!(room.respond_end(1), Err(RespondError::WrongOrder));
    room.respond(1, &Head::new(200), "").expect("it is open");
}
