//! Commits: their order, their limits, and what follows a failure.

use super::*;

#[test]
fn the_commits_of_a_room_are_done_in_their_order() {
    let store = Store::new();
    let room = store.room("lobby").store;
    let (done, order) = mpsc::channel();
    for number in 0..1000 {
        let done = done.clone();
        room.commit(vec![set("a", &number.to_string())], move |result| done.send((number, result.is_ok())).unwrap());
    }
    drop(done);
    assert_eq!(order.iter().collect::<Vec<_>>(), (0..1000).map(|number| (number, true)).collect::<Vec<_>>());
    assert_eq!(get(&room, "a"), Some("999".into()));
}

#[test]
fn the_total_limit_counts_commits_that_wait_too() {
    let store = Store::with(&Settings { total_bytes: Some(10), ..Settings::default() });
    let room = store.room("lobby").store;
    assert!(store.database.has_room_for(10) && !store.database.has_room_for(11));
    commit(&room, vec![set("a", "12345")]).unwrap();
    assert!(store.database.has_room_for(4) && !store.database.has_room_for(5));
    commit(&room, vec![Write::Clear]).unwrap();
    assert!(store.database.has_room_for(10));
}
