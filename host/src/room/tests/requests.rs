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
