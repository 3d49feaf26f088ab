//! Several messages in one call of the app.

use super::*;
use crate::room::{Ended, Turn};

/// A room whose batch is to have these messages.
fn batch(room: &mut Room, from: &[u64]) {
    for number in from {
        room.add_to_batch((Instant::now(), id(*number), "a".into()));
    }
    room.begin_batch();
}

/// The sender of the next message.
fn next(room: &mut Room) -> Option<u64> {
    room.next_message().map(|(from, _)| from.get())
}

/// The frames of a turn that go to one client each, as text.
fn sent(turn: &Turn) -> Vec<String> {
    let sends = turn.effects().iter().filter_map(|effect| {
        let Effect::Send(Target::One { id, .. }, frame) = effect else { return None };
        Some(format!("{id}: {}", String::from_utf8_lossy(&turn.bytes_of(frame)[2..])))
    });
    sends.collect()
}

#[test]
fn handlers_that_only_send_share_a_turn() {
    let mut room = room(3);
    batch(&mut room, &[2, 3]);
    assert_eq!(next(&mut room), Some(2));
    assert_eq!(room.send(id(1), "one"), Ok(SendStatus::Queued));
    assert_eq!(next(&mut room), Some(3));
    assert_eq!(room.broadcast("two"), Ok(()));
    assert_eq!(next(&mut room), None);
    let Ended { begun, from, earlier } = room.end_batch(false);
    assert_eq!((begun, from, earlier.is_none()), (2, Some(id(3)), true));
    assert_eq!(commit(&mut room), ["5 bytes to 1", "5 bytes to all but []"]);
}

#[test]
fn a_handler_that_does_more_is_the_last_of_its_batch_and_has_a_turn_of_its_own() {
    let more: [fn(&mut Room); 4] = [
        |room| assert_eq!(room.close(id(1), 4000, ""), Ok(())),
        |room| assert_eq!(room.subscribe(id(1), "news"), Ok(())),
        |room| assert_eq!(room.set_attachment(id(1), "kept"), Ok(())),
        |room| room.deny_new_clients(),
    ];
    for act in more {
        let mut room = room(3);
        batch(&mut room, &[1, 2, 3]);
        assert_eq!(next(&mut room), Some(1));
        assert_eq!(room.send(id(1), "one"), Ok(SendStatus::Queued));
        assert_eq!(next(&mut room), Some(2));
        assert_eq!(room.send(id(2), "two"), Ok(SendStatus::Queued));
        act(&mut room);
        assert_eq!(room.send(id(3), "three"), Ok(SendStatus::Queued));
        assert_eq!(next(&mut room), None, "the batch ends");
        let Ended { begun, earlier, .. } = room.end_batch(false);
        assert_eq!(begun, 2);
        assert_eq!(sent(&earlier.expect("a handler has returned before")), ["1: one"]);
        assert!(matches!(room.take_left_over(), Some((_, from, _)) if from == id(3)));
        assert_eq!(sent(&room.commit()), ["2: two", "3: three"]);
    }
}

#[test]
fn frames_of_a_failed_handler_of_a_batch_count_no_more_and_those_of_the_others_do() {
    let mut room = room(2);
    batch(&mut room, &[1, 2]);
    next(&mut room);
    assert_eq!(room.send(id(1), "one"), Ok(SendStatus::Queued));
    next(&mut room);
    assert_eq!(room.send(id(1), "failed"), Ok(SendStatus::Queued));
    assert_eq!(waiting(&room, 1), 5 + 8);
    let Ended { from, earlier, .. } = room.end_batch(true);
    assert_eq!(from, Some(id(2)));
    assert!(room.roll_back().is_empty());
    assert_eq!(waiting(&room, 1), 5);
    assert_eq!(sent(&earlier.expect("a handler has returned before")), ["1: one"]);
}

#[test]
fn each_handler_of_a_batch_has_its_own_limits() {
    let mut room = room(2);
    batch(&mut room, &[1, 2]);
    next(&mut room);
    (0..1000).for_each(|_| assert!(room.send(id(1), "").is_ok()));
    next(&mut room);
    (0..100_000).for_each(|_| assert!(room.send(id(2), "").is_ok()));
    assert_eq!(room.send(id(2), ""), Err(SendError::Limit));
}

#[test]
fn a_batch_ends_when_much_waits_for_its_end() {
    let mut room = room(2);
    batch(&mut room, &[1, 2, 1]);
    next(&mut room);
    assert!(room.send(id(1), "x".repeat(15 << 10)).is_ok());
    assert_eq!(next(&mut room), Some(2));
    assert!(room.send(id(1), "x".repeat(15 << 10)).is_ok());
    assert_eq!(next(&mut room), None);
    assert!(room.end_batch(false).earlier.is_none());
    assert_eq!(commit(&mut room).len(), 2);
    assert!(room.take_left_over().is_some());
}

#[test]
fn outside_of_a_batch_there_is_no_next_message_and_a_turn_is_not_divided() {
    let mut room = room(1);
    room.add_to_batch((Instant::now(), id(1), "a".into()));
    assert!(room.send(id(1), "one").is_ok());
    assert_eq!(next(&mut room), None);
    assert!(room.roll_back().is_empty());
    assert_eq!(commit(&mut room), [""; 0]);
}
