//! Openings: of the folder and of rooms. Ids and timers.

use super::*;
use crate::store::error::{OpenError, ReadError};

#[test]
fn all_is_there_after_a_restart() {
    let mut store = Store::new();
    let room = store.room("lobby").store;
    commit(&room, vec![set("a", "1"), Write::SetTimer(timer(7, 50)), Write::SetTimer(timer(u64::MAX, 40))])
        .expect("the database works");
    commit(&room, vec![Write::Save(snapshot("old", "before", 1)), Write::Save(snapshot("new", "after", 2))])
        .expect("the database works");
    store.restart();
    let opened = store.room("lobby");
    assert_eq!(get(&opened.store, "a"), Some("1".into()));
    assert_eq!(opened.timers, [timer(u64::MAX, 40), timer(7, 50)]);
    assert_eq!(opened.snapshots, [snapshot("new", "after", 2), snapshot("old", "before", 1)]);
    assert_eq!(store.database.total_bytes(), 2 + 2 * 4 + 7 + 6);
}

#[test]
fn a_timer_and_a_snapshot_are_replaced_and_dropped() {
    let store = Store::new();
    let room = store.room("lobby").store;
    commit(&room, vec![Write::SetTimer(timer(1, 10)), Write::SetTimer(timer(1, 20)), Write::SetTimer(timer(2, 30))])
        .expect("the database works");
    let saved = ["one", "two"].map(|data| Write::Save(snapshot("a", data, 1)));
    commit(&room, saved.into_iter().chain([Write::Save(snapshot("b", "three", 2))]).collect()).expect("the database works");
    let opened = store.room("lobby");
    assert_eq!(opened.timers, [timer(1, 20), timer(2, 30)]);
    assert_eq!(opened.snapshots, [snapshot("b", "three", 2), snapshot("a", "two", 1)]);
    let room = opened.store;
    commit(&room, vec![Write::DropTimer(1), Write::DropTimer(9), Write::DropSnapshots { except: Some("a".into()) }])
        .expect("the database works");
    let opened = store.room("lobby");
    assert_eq!((opened.timers, opened.snapshots), (vec![timer(2, 30)], vec![snapshot("a", "two", 1)]));
    commit(&opened.store, vec![Write::DropTimer(2), Write::DropSnapshots { except: None }]).expect("the database works");
    assert_eq!(store.database.total_bytes(), 0);
}

#[test]
fn requests_without_an_answer_are_there_after_a_restart() {
    let mut store = Store::new();
    let request = |id, context: &'static str| OpenRequest { id, context: context.into() };
    let writes = [request(1, "first"), request(2, "second"), request(2, "again")].map(Write::SetRequest);
    commit(&store.room("lobby").store, writes.to_vec()).expect("the database works");
    store.restart();
    let opened = store.room("lobby");
    assert_eq!(opened.requests, [request(1, "first"), request(2, "again")]);
    assert_eq!(store.database.total_bytes(), 10);
    commit(&opened.store, vec![Write::DropRequest(1), Write::DropRequest(7)]).expect("the database works");
    assert_eq!(store.room("lobby").requests, [request(2, "again")]);
    assert_eq!(store.database.total_bytes(), 5);
}

#[test]
fn messages_that_are_not_handled_are_there_after_a_restart_in_the_order_of_all_rooms() {
    let mut store = Store::new();
    let event = |id, payload: &'static str| StoredEvent { id, to: "b".into(), is_text: true, payload: payload.into() };
    commit(&store.room("a").store, vec![Write::SetEvent(event(1, "one")), Write::SetEvent(event(3, "three"))])
        .expect("the database works");
    commit(&store.room("c").store, vec![Write::SetEvent(event(2, "two"))]).expect("the database works");
    assert_eq!(store.database.total_bytes(), 3 + 11);
    commit(&store.room("b").store, vec![set("a", "1"), Write::DropEvent { from: "a".into(), id: 1 }])
        .expect("the database works");
    assert_eq!(store.database.total_bytes(), 2 + 2 + 8);
    store.restart();
    let left = [("c".to_owned(), event(2, "two")), ("a".to_owned(), event(3, "three"))];
    assert_eq!(store.database.take_events(), left);
    assert!(store.database.take_events().is_empty());
}

#[test]
fn a_room_is_clean_if_its_last_life_was_closed() {
    let mut store = Store::new();
    let opened = store.room("lobby");
    assert!(opened.clean, "the database does not know it");
    commit(&opened.store, vec![set("a", "1")]).expect("the database works");
    let opened = store.room("lobby");
    assert!(!opened.clean, "its last life wrote, and did not end");
    commit(&opened.store, vec![CLOSE]).expect("the database works");
    store.restart();
    assert!(store.room("lobby").clean);
    store.restart();
    assert!(!store.room("lobby").clean, "its last life opened, and did not end");
}

#[test]
fn an_opening_waits_for_the_commits_before_it() {
    let store = Store::new();
    let room = store.room("lobby").store;
    (0..500).for_each(|number| room.commit(vec![set("a", &number.to_string())], |_| ()));
    assert_eq!(get(&store.room("lobby").store, "a"), Some("499".into()));
}

#[test]
fn a_second_opening_of_the_folder_is_refused_in_one_line() {
    let store = Store::new();
    let refusal = Database::open(store.folder.path(), &Settings::default()).expect_err("it is refused");
    let (folder, process) = (store.folder.path().display(), std::process::id());
    let line = format!("the data folder {folder} is in use by process {process}. Stop that process, or choose another folder");
    assert_eq!(refusal.to_string(), line);
    store.database.close();
    Database::open(store.folder.path(), &Settings::default()).expect("the database works").close();
}

#[test]
fn a_file_that_is_no_database_is_refused_and_stays() {
    let folder = tempfile::tempdir().expect("the database works");
    let file = folder.path().join("ws-host.db");
    std::fs::write(&file, "not a database at all, but long enough to be read as a header").expect("the database works");
    assert!(matches!(Database::open(folder.path(), &Settings::default()), Err(OpenError::Foreign { .. })));
    assert!(std::fs::read_to_string(&file).expect("the database works").starts_with("not a database"));
}

#[test]
fn the_database_knows_whether_it_was_closed() {
    let mut store = Store::new();
    assert!(store.database.was_clean());
    store.restart();
    assert!(store.database.was_clean());
    let copy = tempfile::tempdir().expect("the database works");
    for name in ["ws-host.db", "ws-host.db-wal"] {
        std::fs::copy(store.folder.path().join(name), copy.path().join(name)).expect("the database works");
    }
    let crashed = Database::open(copy.path(), &Settings::default()).expect("the database works");
    assert!(!crashed.was_clean());
    crashed.close();
}

#[test]
fn a_closed_database_refuses_everything() {
    let store = Store::new();
    let room = store.room("lobby").store;
    store.database.close();
    assert_eq!(commit(&room, vec![set("a", "1")]), Err(CommitError::Unavailable));
    assert_eq!(wait(store.database.reserve_ids(1)), Err(CommitError::Closed));
    assert_eq!(wait(room.get("a")), Err(ReadError::Closed));
    assert!(matches!(wait(store.database.open_room("lobby".into(), 1)), Err(ReadError::Closed)));
}

#[test]
fn a_client_id_is_never_reserved_twice() {
    let mut store = Store::new();
    assert_eq!(wait(store.database.reserve_ids(1000)), Ok(1));
    assert_eq!(wait(store.database.reserve_ids(10)), Ok(1001));
    store.restart();
    assert_eq!(wait(store.database.reserve_ids(1)), Ok(1011));
}

#[test]
fn rooms_with_due_timers_come_the_most_overdue_first() {
    let store = Store::new();
    for (room, dues) in [("a", [300, 100]), ("b", [50, 400]), ("c", [500, 600])] {
        let timers = [timer(1, dues[0]), timer(2, dues[1])].map(Write::SetTimer);
        commit(&store.room(room).store, timers.into()).expect("the database works");
    }
    let due = |until, limit| wait(store.database.due_rooms(until, limit)).expect("the database works");
    let expected = [("b", 50), ("a", 100)].map(|(room, due_us)| DueRoom { room: room.into(), due_us });
    assert_eq!(due(400, 10), expected);
    assert_eq!(due(400, 1), expected[..1]);
    assert_eq!(due(49, 10), []);
}
