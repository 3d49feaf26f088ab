//! The effect of each change.

use super::*;
use crate::cluster::state::encode_writes;
use crate::cluster::state::marks::MAX_MARKS;
use crate::store::Usage;

fn apply(state: &mut RoomState, writes: &[Write]) {
    writes.iter().for_each(|write| state.apply(write));
}

#[test]
fn a_room_that_has_never_written_is_clean_and_unknown() {
    let mut state = state();
    assert!(state.is_clean);
    assert_eq!(state.open(), None);
}

#[test]
fn a_room_is_clean_from_its_close_to_its_opening() {
    let mut state = state();
    apply(&mut state, &[Write::Save(snapshot("1", "saved", 5)), Write::Close { at_us: 7 }]);
    assert!(state.is_clean);
    let dormant = state.open().expect("the room has written");
    assert!(dormant.is_clean && dormant.snapshots == [snapshot("1", "saved", 5)]);
    assert!(!state.open().expect("the room has written").is_clean, "it was open");
    apply(&mut state, &[Write::Close { at_us: 8 }, set("a", "1")]);
    assert!(!state.is_clean);
}

#[test]
fn a_room_whose_owner_has_died_is_not_clean() {
    let data = || [encode_writes(&[Write::Close { at_us: 7 }])];
    let is_clean = |start| RoomState::from_data(ROOM.into(), data(), start).expect("it is well formed").is_clean;
    assert!(is_clean(Start::New) && is_clean(Start::Handover));
    assert!(!is_clean(Start::Recovery));
}

#[test]
fn clearing_the_store_leaves_everything_else() {
    let mut state = state();
    let request = OpenRequest { id: 3, context: "of it".into() };
    apply(&mut state, &[set("a", "1"), Write::SetTimer(timer(1, 9)), Write::SetRequest(request.clone())]);
    apply(&mut state, &[Write::SetEvent(event(4, OTHER)), Write::Save(snapshot("1", "saved", 5)), Write::Clear]);
    assert_eq!((state.value("a"), state.usage()), (None, Usage::default()));
    assert_eq!(state.pending_events().collect::<Vec<_>>(), [&event(4, OTHER)]);
    let dormant = state.open().expect("the room has written");
    assert_eq!((dormant.timers, dormant.requests, dormant.snapshots.len()), (vec![timer(1, 9)], vec![request], 1));
}

#[test]
fn timers_are_in_the_order_in_which_they_are_due() {
    let mut state = state();
    apply(&mut state, &[3, 1, 2].map(|id| Write::SetTimer(timer(id, 10 - id))));
    apply(&mut state, &[Write::SetTimer(timer(4, 9))]);
    assert_eq!(state.timers().iter().map(|timer| timer.id).collect::<Vec<_>>(), [3, 2, 1, 4]);
}

#[test]
fn a_release_has_one_saved_state_and_the_newest_comes_first() {
    let mut state = state();
    apply(&mut state, &[("1", 5), ("2", 6), ("1", 7)].map(|(sha256, at)| Write::Save(snapshot(sha256, "", at))));
    let saved = |state: &RoomState| state.snapshots().iter().map(|saved| saved.saved_us).collect::<Vec<_>>();
    assert_eq!(saved(&state), [7, 6]);
    apply(&mut state, &[Write::DropSnapshots { except: Some("2".into()) }]);
    assert_eq!(saved(&state), [6]);
    apply(&mut state, &[Write::DropSnapshots { except: None }]);
    assert_eq!(saved(&state), [0; 0]);
}

#[test]
fn a_message_to_another_room_stays_until_this_room_hears_that_it_was_handled() {
    let mut state = state();
    apply(&mut state, &[6, 5].map(|id| Write::SetEvent(event(id, OTHER))));
    assert_eq!(state.pending_events().map(|event| event.id).collect::<Vec<_>>(), [5, 6]);
    apply(&mut state, &[6, 5].map(|id| Write::DropEvent { from: ROOM.into(), id }));
    assert_eq!((state.pending_events().count(), state.kept_bytes()), (0, 0));
    assert_eq!(state.last_event(), 6, "no later message gets this id");
    let whole = read(state.encode());
    assert_eq!(whole.last_event(), 6);
}

#[test]
fn a_message_of_another_room_leaves_a_mark() {
    let mut state = state();
    apply(&mut state, &[Write::SetEvent(event(5, OTHER)), Write::DropEvent { from: OTHER.into(), id: 5 }]);
    assert_eq!(state.marks().of(OTHER), 5);
    assert!(
        state.marks().of(ROOM) == 0 && state.pending_events().count() == 1,
        "ids of two rooms have nothing to do with each other"
    );
}

#[test]
fn marks_are_forgotten_in_the_same_order_after_a_whole_state() {
    let mut state = state();
    let heard = |n: usize| Write::DropEvent { from: format!("/{n}").into(), id: 1 };
    (0..MAX_MARKS).rev().for_each(|n| state.apply(&heard(n)));
    let mut read = read(state.encode());
    for state in [&mut state, &mut read] {
        state.apply(&heard(MAX_MARKS));
        assert_eq!(state.marks().of(&format!("/{}", MAX_MARKS - 1)), 0);
        assert_eq!(state.marks().of("/0"), 1);
    }
    assert_eq!(state.marks().by_time(), read.marks().by_time());
}
