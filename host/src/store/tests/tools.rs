//! The commands of `ws-host data`, as functions.

use super::*;
use crate::store::error::{OpenError, ReadError};
use crate::store::tools::{Archive, Editor, ImportError, Record, RecordError};

/// The lines of an export.
fn export(folder: &std::path::Path, rooms: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    let rooms: Vec<_> = rooms.iter().map(ToString::to_string).collect();
    let missing = Archive::open(folder).expect("the database works").export(&rooms, |record| {
        lines.push(serde_json::to_string(record).expect("the database works"));
        Ok::<_, ReadError>(())
    });
    assert_eq!(missing.expect("the database works"), None);
    lines
}

fn import(folder: &std::path::Path, lines: &[String]) -> Result<usize, ImportError<serde_json::Error>> {
    Editor::open(folder).expect("the database works").import(lines.iter().map(|line| serde_json::from_str::<Record>(line)), 77)
}

fn filled() -> Store {
    let store = Store::new();
    let room = store.room("one").store;
    commit(&room, (0..1500).map(|number| set(&format!("{number:04}"), "x")).collect()).expect("the database works");
    let bytes = Write::Set("bytes".into(), vec![0, 255].into());
    let timed = Write::SetTimer(DurableTimer { every_us: Some(5), ..timer(MAX_TIMER_ID, 9) });
    let asked = Write::SetRequest(OpenRequest { id: 7, context: "a".into() });
    commit(&room, vec![bytes, timed, asked, Write::Save(snapshot("ab", "state", 3)), CLOSE]).expect("the database works");
    commit(&store.room("other").store, vec![set("a", "1")]).expect("the database works");
    store
}

#[test]
fn an_import_of_an_export_gives_the_same_database() {
    let store = filled();
    let lines = export(store.folder.path(), &[]);
    assert_eq!(lines.len(), 1500 + 1 + 3 + 1 + 1 + 1);
    let copy = tempfile::tempdir().expect("the database works");
    assert_eq!(import(copy.path(), &lines).expect("the database works"), lines.len());
    assert_eq!(export(copy.path(), &[]), lines);
    let (one, other) = (
        Archive::open(store.folder.path()).expect("the database works"),
        Archive::open(copy.path()).expect("the database works"),
    );
    assert_eq!(one.rooms().expect("the database works"), other.rooms().expect("the database works"));
    assert_eq!(other.problems().expect("the database works"), [""; 0]);
}

#[test]
fn an_export_can_name_rooms_and_names_one_that_does_not_exist() {
    let store = filled();
    let lines = export(store.folder.path(), &["other"]);
    let facts = r#"{"room":"other","used":1000,"clean":false}"#;
    assert_eq!(lines, [r#"{"room":"other","key":"a","value":"1"}"#, facts]);
    let mut archive = Archive::open(store.folder.path()).expect("the database works");
    let missing = archive.export(&["other".into(), "none".into()], |_| Err(ReadError::Closed));
    assert_eq!(missing, Ok(Some("none".into())));
}

#[test]
fn an_import_is_kept_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("the database works");
    let good = r#"{"room":"r","key":"k","value":"v"}"#.to_owned();
    let bad = r#"{"room":"r","key":"k"}"#.to_owned();
    let error = import(folder.path(), &[good.clone(), bad]).expect_err("it is refused");
    assert!(matches!(error, ImportError::Record(2, RecordError::Value)), "{error}");
    assert_eq!(Archive::open(folder.path()).expect("the database works").rooms().expect("the database works"), []);
    import(folder.path(), &[good]).expect("the database works");
    assert_eq!(
        Archive::open(folder.path()).expect("the database works").value("r", "k").expect("the database works"),
        Some("v".into())
    );
}

#[test]
fn a_room_that_is_changed_by_hand_is_not_clean_any_more() {
    let store = filled();
    store.database.close();
    let clean = || Archive::open(store.folder.path()).expect("the database works").rooms().expect("the database works")[0].clean;
    assert!(clean());
    assert!(
        Editor::open(store.folder.path()).expect("the database works").delete_key("one", "0007").expect("the database works")
    );
    assert!(!clean());
}

#[test]
fn a_key_and_a_room_are_deleted_with_all_that_belongs_to_them() {
    let store = filled();
    store.database.close();
    let mut editor = Editor::open_existing(store.folder.path()).expect("the database works");
    assert_eq!(editor.delete_key("one", "none"), Ok(false));
    assert_eq!(editor.delete_key("none", "0001"), Ok(false));
    assert_eq!(editor.delete_key("other", "a"), Ok(true));
    assert_eq!(editor.delete_room("one"), Ok(true));
    assert_eq!(editor.delete_room("one"), Ok(false));
    drop(editor);
    let archive = Archive::open(store.folder.path()).expect("the database works");
    let rooms: Vec<_> =
        archive.rooms().expect("the database works").into_iter().map(|room| (room.room, room.keys, room.bytes)).collect();
    assert_eq!(rooms, [("other".to_owned(), 0, 0)]);
    assert_eq!(archive.problems().expect("the database works"), [""; 0]);
}

#[test]
fn tools_read_while_a_server_runs_and_do_not_write() {
    let store = filled();
    let refusal = Editor::open(store.folder.path()).expect_err("it is refused");
    assert!(matches!(refusal, OpenError::InUse { pid, .. } if pid == Some(std::process::id())), "{refusal}");
    assert_eq!(
        Archive::open(store.folder.path()).expect("the database works").value("other", "a").expect("the database works"),
        Some("1".into())
    );
    assert_eq!(
        Archive::open(store.folder.path()).expect("the database works").value("none", "a").expect("the database works"),
        None
    );
}

#[test]
fn a_folder_without_a_database_is_named() {
    let folder = tempfile::tempdir().expect("the database works");
    assert!(matches!(Archive::open(folder.path()), Err(OpenError::Missing { .. })));
    assert!(matches!(Editor::open_existing(folder.path()), Err(OpenError::Missing { .. })));
}

#[test]
fn a_backup_beside_a_writer_has_one_moment_and_opens_as_a_database() {
    let store = filled();
    let room = store.room("busy").store;
    let (stop, stopped) = mpsc::channel();
    let writer = std::thread::spawn(move || {
        // Both keys change in one commit, so a backup has them alike.
        for number in 0.. {
            let value = number.to_string();
            commit(&room, vec![set("left", &value), set("right", &value)]).expect("the database works");
            if stopped.try_recv().is_ok() {
                break;
            }
        }
    });
    let copies: Vec<_> = (0..5).map(|_| tempfile::tempdir().expect("the database works")).collect();
    for copy in &copies {
        Archive::open(store.folder.path())
            .expect("the database works")
            .backup(&copy.path().join("ws-host.db"))
            .expect("the database works");
    }
    stop.send(()).expect("the database works");
    writer.join().expect("the database works");
    for copy in &copies {
        let archive = Archive::open(copy.path()).expect("the database works");
        assert_eq!(archive.value("busy", "left"), archive.value("busy", "right"));
        assert_eq!(archive.problems().expect("the database works"), [""; 0]);
        assert_eq!(
            std::fs::read_dir(copy.path())
                .expect("the database works")
                .filter(|file| file.as_ref().expect("the database works").path().ends_with("ws-host.db.part"))
                .count(),
            0
        );
        let restored = Database::open(copy.path(), &Settings::default()).expect("the database works");
        assert_eq!(get(&wait(restored.open_room("one".into(), 1)).expect("the database works").store, "0001"), Some("x".into()));
        restored.close();
    }
}

#[test]
fn a_backup_does_not_replace_a_file() {
    let store = filled();
    let file = store.folder.path().join("backup.db");
    std::fs::write(&file, "precious").expect("the database works");
    let error = Archive::open(store.folder.path()).expect("the database works").backup(&file).expect_err("it is refused");
    assert_eq!(error.to_string(), "the file exists. Name a new one");
    assert_eq!(std::fs::read_to_string(&file).expect("the database works"), "precious");
}

#[test]
fn a_check_finds_a_wrong_count_and_an_entry_without_a_room() {
    let store = filled();
    store.database.close();
    let stranger = rusqlite::Connection::open(store.folder.path().join("ws-host.db")).expect("the database works");
    stranger.execute("UPDATE rooms SET keys = keys + 1 WHERE name = 'other'", []).expect("the database works");
    stranger.execute("INSERT INTO entries VALUES (99, 'lost', x'00')", []).expect("the database works");
    let problems = Archive::open(store.folder.path()).expect("the database works").problems().expect("the database works");
    assert_eq!(problems, ["room \"other\": its usage is counted wrongly", "table entries: 1 rows belong to no room"]);
}
