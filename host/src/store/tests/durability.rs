//! Commits: their order, their limits, and what follows a failure.

use std::time::Duration;

use super::*;

#[test]
fn the_commits_of_a_room_are_done_in_their_order() {
    let store = Store::new();
    let room = store.room("lobby").store;
    let (done, order) = mpsc::channel();
    for number in 0..1000 {
        let done = done.clone();
        room.commit(vec![set("a", &number.to_string())], move |result| {
            done.send((number, result.is_ok())).expect("the database works");
        });
    }
    drop(done);
    assert_eq!(order.iter().collect::<Vec<_>>(), (0..1000).map(|number| (number, true)).collect::<Vec<_>>());
    assert_eq!(get(&room, "a"), Some("999".into()));
}

#[test]
fn turns_that_wait_become_one_transaction_of_at_most_200_writes() {
    let store = Store::new();
    let (room, other) = (store.room("lobby").store, store.room("other").store);
    let busy = keep_busy(&room);
    let before = store.database.transactions();
    let (done, results) = mpsc::channel();
    for number in 0..500 {
        let (done, room) = (done.clone(), if number % 2 == 0 { &room } else { &other });
        room.commit(vec![set("a", "")], move |result| done.send(result.is_ok()).expect("the test waits"));
    }
    drop(busy);
    assert!(results.iter().take(500).all(|is_ok| is_ok));
    assert_eq!(store.database.transactions() - before, 3);
}

#[test]
fn the_total_limit_counts_commits_that_wait_too() {
    let store = Store::with(&Settings { total_bytes: Some(10), ..Settings::default() });
    let room = store.room("lobby").store;
    assert!(store.database.has_room_for(10) && !store.database.has_room_for(11));
    commit(&room, vec![set("a", "12345")]).expect("the database works");
    assert!(store.database.has_room_for(4) && !store.database.has_room_for(5));
    commit(&room, vec![Write::Clear]).expect("the database works");
    assert!(store.database.has_room_for(10));
}

#[test]
fn a_refused_commit_is_reported_behind_the_earlier_ones_of_its_room() {
    let store = Store::new();
    let (room, stranger) = (store.room("lobby").store, stranger(&store));
    stranger.execute_batch("BEGIN IMMEDIATE").expect("the database works");
    let (done, reports) = mpsc::channel();
    let report = |name| {
        let done = done.clone();
        move |result: Result<_, _>| done.send((name, result.map(drop))).expect("the test waits")
    };
    room.commit(vec![set("a", "")], report("durable"));
    let large = bytes::Bytes::from(vec![0; 1 << 20]);
    room.commit(vec![Write::Set("b".into(), large); 257], report("refused"));
    room.commit(vec![set("a", "")], report("behind"));
    stranger.execute_batch("COMMIT").expect("the database works");
    let reports: Vec<_> = reports.iter().take(3).collect();
    assert!(
        matches!(
            *reports,
            [("durable", Ok(())), ("refused", Err(CommitError::Overloaded(_))), ("behind", Err(CommitError::RoomFailed))]
        ),
        "{reports:?}"
    );
}

/// Another connection to the store's file, as a tool of another program has it.
fn stranger(store: &Store) -> rusqlite::Connection {
    rusqlite::Connection::open(store.folder.path().join("ws-host.db")).expect("the database works")
}

/// A store whose disk is full at the key "bad" and at probe writes, and which does not take the key "wrong".
fn failing() -> (Store, rusqlite::Connection) {
    let store = Store::with(&Settings { probe_interval: Duration::from_millis(1), ..Settings::default() });
    let stranger = stranger(&store);
    // A table that has used its largest id is full, as SQLite calls it.
    let triggers = "
        CREATE TABLE full (id INTEGER PRIMARY KEY AUTOINCREMENT);
        INSERT INTO full VALUES (9223372036854775807);
        CREATE TRIGGER fail BEFORE INSERT ON entries WHEN NEW.key = 'bad' BEGIN INSERT INTO full VALUES (NULL); END;
        CREATE TRIGGER away BEFORE INSERT ON probe BEGIN INSERT INTO full VALUES (NULL); END;
        CREATE TRIGGER wrong BEFORE INSERT ON entries WHEN NEW.key = 'wrong' BEGIN SELECT RAISE(ABORT, 'no such key'); END;";
    stranger.execute_batch(triggers).expect("the database works");
    (store, stranger)
}

/// Keeps the writer busy until what this returns is dropped, so that turns that are committed meanwhile wait for the same transaction.
fn keep_busy(room: &RoomStore) -> mpsc::Sender<()> {
    let (begun, begins) = mpsc::channel();
    let (busy, ends) = mpsc::channel::<()>();
    room.commit(vec![set("first", "")], move |_| {
        begun.send(()).expect("the test waits");
        let _ = ends.recv();
    });
    begins.recv().expect("the database works");
    busy
}

/// Waits until the database takes writes again.
fn recover(store: &Store, stranger: &rusqlite::Connection) {
    stranger.execute_batch("DROP TRIGGER away; DROP TRIGGER fail").expect("the database works");
    while wait(store.database.reserve_ids(1)).is_err() {}
    assert!(store.database.is_available());
}

#[test]
fn a_failed_transaction_fails_each_turn_in_it_and_leaves_nothing_of_any() {
    let (store, stranger) = failing();
    let (one, other) = (store.room("one").store, store.room("other").store);
    commit(&one, vec![set("a", "before")]).expect("the database works");
    let busy = keep_busy(&one);
    let (done, results) = mpsc::channel();
    let done_too = done.clone();
    one.commit(vec![set("a", "after")], move |result| done.send(result).expect("the database works"));
    other.commit(vec![set("good", ""), set("bad", "")], move |result| done_too.send(result).expect("the database works"));
    drop(busy);
    let failed = Err(CommitError::Failed("the disk is full. Make room on it".into()));
    assert_eq!(results.iter().collect::<Vec<_>>(), [failed.clone(), failed]);
    recover(&store, &stranger);
    let (one, other) = (store.room("one").store, store.room("other").store);
    assert_eq!((get(&one, "a"), get(&other, "good")), (Some("before".into()), None));
}

#[test]
fn a_turn_that_the_database_refuses_fails_alone() {
    let (store, stranger) = failing();
    let (one, other) = (store.room("one").store, store.room("other").store);
    stranger.execute_batch("BEGIN IMMEDIATE").expect("the database works");
    one.commit(vec![set("first", "")], |_| ());
    let (done, results) = mpsc::channel();
    for (room, key) in [(&other, "before"), (&one, "wrong"), (&one, "behind"), (&other, "after")] {
        let done = done.clone();
        room.commit(vec![set(key, "")], move |result| done.send((key, result.map(drop))).expect("the test waits"));
    }
    drop(done);
    let reopened = store.database.open_room("other".into(), 1_000);
    stranger.execute_batch("COMMIT").expect("the database works");
    let expected = [
        ("before", Ok(())),
        ("wrong", Err(CommitError::Failed("no such key".into()))),
        ("behind", Err(CommitError::RoomFailed)),
        ("after", Ok(())),
    ];
    assert_eq!(results.iter().collect::<Vec<_>>(), expected);
    assert!(store.database.is_available());
    let other = wait(reopened).expect("the database works");
    assert_eq!((get(&other.store, "before"), get(&other.store, "after")), (Some("".into()), Some("".into())));
    assert!(!other.clean, "the opening was noted");
}

#[test]
fn a_room_that_opens_while_the_database_takes_no_writes_is_noted_as_open_when_it_does_again() {
    let (store, stranger) = failing();
    let room = store.room("lobby").store;
    commit(&room, vec![set("a", "1"), CLOSE]).expect("the database works");
    assert!(commit(&room, vec![set("bad", "")]).is_err());
    let opened = wait(store.database.open_room("lobby".into(), 1_000)).expect("reads work on");
    recover(&store, &stranger);
    let step = wait(store.database.expire(2_000, Place::default())).expect("the database works");
    assert_eq!((step.removed, get(&opened.store, "a")), (0, Some("1".into())));
    assert!(!store.room("lobby").clean);
}

#[test]
fn after_a_failure_commits_are_refused_at_once_until_a_probe_write_succeeds() {
    let (store, stranger) = failing();
    let room = store.room("lobby").store;
    commit(&room, vec![set("a", "1")]).expect("the database works");
    assert!(commit(&room, vec![set("bad", "")]).is_err());
    assert!(!store.database.is_available());
    let reopened = store.room("lobby");
    assert_eq!(get(&reopened.store, "a"), Some("1".into()), "reads work on");
    assert_eq!(commit(&reopened.store, vec![set("b", "2")]), Err(CommitError::Unavailable));
    recover(&store, &stranger);
    assert_eq!(commit(&reopened.store, vec![set("b", "2")]), Err(CommitError::RoomFailed), "it has lost a commit");
    let room = store.room("lobby").store;
    commit(&room, vec![set("b", "2")]).expect("the database works");
    assert_eq!(get(&room, "b"), Some("2".into()));
}

#[test]
fn a_room_that_opened_with_a_transaction_that_failed_does_not_write_into_the_row_of_another_one() {
    let (store, stranger) = failing();
    let (one, other, bad) = (store.room("one").store, store.room("other").store, store.room("bad").store);
    // The lock of a stranger keeps the writer busy, so that all wait for the same transaction.
    stranger.execute_batch("BEGIN IMMEDIATE").expect("the database works");
    other.commit(vec![set("first", "")], |_| ());
    one.commit(vec![set("a", "1")], |_| ());
    let reopened = store.database.open_room("one".into(), 1_000);
    let (done, result) = mpsc::channel();
    bad.commit(vec![set("bad", "")], move |result| done.send(result).expect("the test waits"));
    stranger.execute_batch("COMMIT").expect("the database works");
    assert!(result.recv().expect("it is reported").is_err());
    let one = wait(reopened).expect("the database works").store;
    recover(&store, &stranger);
    let thief = store.room("thief").store;
    commit(&thief, vec![set("a", "of the thief")]).expect("the database works");
    commit(&one, vec![set("a", "of one")]).expect("the database works");
    assert_eq!((get(&thief, "a"), get(&one, "a")), (Some("of the thief".into()), Some("of one".into())));
}

#[test]
fn a_commit_behind_a_failed_one_of_its_room_fails_and_other_rooms_go_on() {
    let (store, stranger) = failing();
    let (one, other) = (store.room("one").store, store.room("other").store);
    assert!(commit(&one, vec![set("bad", "")]).is_err());
    recover(&store, &stranger);
    assert_eq!(commit(&one, vec![set("a", "")]), Err(CommitError::RoomFailed));
    commit(&other, vec![set("a", "")]).expect("the database works");
}

#[test]
fn a_commit_waits_while_another_program_writes() {
    let store = Store::new();
    let (room, stranger) = (store.room("lobby").store, stranger(&store));
    stranger.execute_batch("BEGIN IMMEDIATE").expect("the database works");
    let (done, result) = mpsc::channel();
    room.commit(vec![set("a", "1")], move |result| done.send(result).expect("the database works"));
    assert_eq!(result.try_recv(), Err(mpsc::TryRecvError::Empty));
    stranger.execute_batch("COMMIT").expect("the database works");
    assert_eq!(result.recv().expect("the database works"), Ok(Usage { keys: 1, bytes: 2 }));
}

#[test]
fn the_log_is_moved_into_the_file_and_starts_over() {
    let store = Store::with(&Settings { log_pages: 100, ..Settings::default() });
    let (room, log) = (store.room("lobby").store, store.folder.path().join("ws-host.db-wal"));
    let value = "x".repeat(40_000);
    for round in 0..400 {
        commit(&room, vec![set(&format!("{}", round % 8), &value)]).expect("the database works");
    }
    let pages = log.metadata().expect("the database works").len() / 4096;
    assert!(pages < 2_000, "4,000 pages were written, and the log has {pages}");
}
