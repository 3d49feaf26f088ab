//! The tables of the database file and their versions.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::OpenError;

/// Marks the file as one of ours (`PRAGMA application_id`): "wsho".
const APPLICATION: i32 = 0x7773_686f;

/// The steps from an empty file to the newest schema. A file of version N has had the first N of them. A step that has been released
/// never changes; a new schema is a new step.
const STEPS: &[&str] = &["
    CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('starts', 0), ('clean', 1), ('next_client_id', 1);
    -- Written and deleted by probe writes.
    CREATE TABLE probe (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        keys INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        -- Bytes of timers and snapshots.
        extra INTEGER NOT NULL DEFAULT 0,
        -- When it was last opened, in microseconds since 1970.
        opened INTEGER NOT NULL,
        is_open INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX rooms_by_opening ON rooms (opened);
    CREATE TABLE entries (
        room INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (room, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE timers (
        room INTEGER NOT NULL, id INTEGER NOT NULL, due INTEGER NOT NULL, every INTEGER, payload BLOB NOT NULL, PRIMARY KEY (room, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX timers_by_due ON timers (due, room);
    CREATE TABLE snapshots (
        room INTEGER NOT NULL, sha256 TEXT NOT NULL, release TEXT NOT NULL, version TEXT NOT NULL, saved INTEGER NOT NULL,
        data BLOB NOT NULL, UNIQUE (room, sha256)
    ) STRICT;
", "
    -- When it was last opened or closed. A room that is open is used all the time.
    ALTER TABLE rooms RENAME COLUMN opened TO used;
    DROP INDEX rooms_by_opening;
    CREATE INDEX rooms_by_use ON rooms (used);
", "
    -- Requests to HTTP servers that have no answer yet. Their contexts count as `extra`.
    CREATE TABLE requests (
        room INTEGER NOT NULL, id INTEGER NOT NULL, context BLOB NOT NULL, PRIMARY KEY (room, id)
    ) STRICT, WITHOUT ROWID;
", "
    -- Messages to other rooms that these have not handled, in the order of their ids over all rooms. `room` has sent them, and they count as
    -- its `extra`.
    CREATE TABLE events (
        room INTEGER NOT NULL, id INTEGER NOT NULL, receiver TEXT NOT NULL, is_text INTEGER NOT NULL, payload BLOB NOT NULL,
        PRIMARY KEY (room, id)
    ) STRICT, WITHOUT ROWID;
"];

/// Brings the file to the newest version.
pub(super) fn prepare(connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
    bring_to(STEPS, connection, file)
}

/// Checks that the file has the newest version, for a connection that only reads.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let version = version(connection, file)?;
    refuse_newer(version, STEPS.len(), file)?;
    if version < STEPS.len() { Err(OpenError::Older { file: file.to_owned() }) } else { Ok(()) }
}

fn bring_to(steps: &[&str], connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::database(file, source);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let version = version(&transaction, file)?;
    refuse_newer(version, steps.len(), file)?;
    if version == steps.len() {
        return Ok(());
    }
    for step in &steps[version..] {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    let newest = i64::try_from(steps.len()).expect("steps are few");
    transaction.pragma_update(None, "user_version", newest).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// The version of the file: 0 if it is empty.
fn version(connection: &Connection, file: &Path) -> Result<usize, OpenError> {
    let read = |pragma| {
        let value = connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
        value.map_err(|source| OpenError::database(file, source))
    };
    let (application, version) = (read("application_id")?, read("user_version")?);
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let is_empty = tables.map_err(|source| OpenError::database(file, source))? == 0;
    match usize::try_from(version) {
        Ok(version) if application == APPLICATION && version > 0 => Ok(version),
        Ok(0) if is_empty && application == 0 => Ok(0),
        _ => Err(OpenError::Foreign { file: file.to_owned() }),
    }
}

fn refuse_newer(found: usize, known: usize, file: &Path) -> Result<(), OpenError> {
    if found <= known {
        return Ok(());
    }
    Err(OpenError::Newer { file: file.to_owned(), found, known })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> (tempfile::TempDir, std::path::PathBuf, Connection) {
        let folder = tempfile::tempdir().expect("the database works");
        let file = folder.path().join("a.db");
        let connection = Connection::open(&file).expect("the database works");
        (folder, file, connection)
    }

    #[test]
    fn an_older_schema_is_migrated_by_the_steps_that_it_lacks() {
        let (_folder, file, mut connection) = database();
        bring_to(&["CREATE TABLE a (x)"], &mut connection, &file).expect("the database works");
        connection.execute("INSERT INTO a VALUES (7)", []).expect("the database works");
        bring_to(&["CREATE TABLE a (x)", "ALTER TABLE a ADD y; UPDATE a SET y = x + 1"], &mut connection, &file)
            .expect("the database works");
        let found: i64 = connection.query_row("SELECT y FROM a", [], |row| row.get(0)).expect("the database works");
        assert_eq!((found, version(&connection, &file).expect("the database works")), (8, 2));
    }

    #[test]
    fn the_opening_of_a_room_in_the_first_version_is_its_last_use() {
        let (_folder, file, mut connection) = database();
        bring_to(&STEPS[..1], &mut connection, &file).expect("the database works");
        assert!(matches!(check(&connection, &file), Err(OpenError::Older { .. })));
        connection.execute("INSERT INTO rooms (name, opened, is_open) VALUES ('a', 7, 0)", []).expect("the database works");
        prepare(&mut connection, &file).expect("the database works");
        let used: i64 = connection.query_row("SELECT used FROM rooms", [], |row| row.get(0)).expect("the database works");
        assert_eq!(used, 7);
    }

    #[test]
    fn a_failed_migration_changes_nothing() {
        let (_folder, file, mut connection) = database();
        bring_to(&["CREATE TABLE a (x)"], &mut connection, &file).expect("the database works");
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        assert!(bring_to(&steps, &mut connection, &file).is_err());
        assert_eq!(version(&connection, &file).expect("the database works"), 1);
        assert!(connection.execute("INSERT INTO b VALUES (1)", []).is_err());
    }

    #[test]
    fn a_newer_schema_is_refused_in_one_line() {
        let (_folder, file, mut connection) = database();
        bring_to(&["CREATE TABLE a (x)", "CREATE TABLE b (x)"], &mut connection, &file).expect("the database works");
        let refusal = bring_to(&["CREATE TABLE a (x)"], &mut connection, &file).expect_err("it is refused").to_string();
        assert!(refusal.ends_with(
            "has the schema version 2, and this version of ws-host knows 1 at most. Use a newer ws-host, or another folder"
        ));
    }

    #[test]
    fn a_file_of_another_program_is_refused() {
        let (_folder, file, mut connection) = database();
        connection.execute("CREATE TABLE a (x)", []).expect("the database works");
        assert!(matches!(prepare(&mut connection, &file), Err(OpenError::Foreign { .. })));
    }
}
