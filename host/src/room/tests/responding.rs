//! Answers to plain HTTP requests as a part of the turn.

use super::{commit, room};
use crate::requests::{Head, RespondError, way};

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
