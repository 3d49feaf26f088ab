//! The rules that each database keeps.

use rusqlite::Connection;

/// Finds what is wrong with a database. Each problem is one line.
pub(in crate::store) fn problems(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut problems: Vec<_> = lines.into_iter().filter(|line| line != "ok").collect();
    if problems.is_empty() {
        problems.extend(wrong_counts(connection)?);
        problems.extend(orphans(connection)?);
    }
    Ok(problems)
}

/// Rooms whose row does not have the numbers of their entries, timers, requests, messages and snapshots.
fn wrong_counts(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "WITH
            kept AS (SELECT room, count(*) AS keys, sum(octet_length(key) + octet_length(value)) AS bytes FROM entries GROUP BY room),
            timed AS (SELECT room, sum(octet_length(payload)) AS bytes FROM timers GROUP BY room),
            asked AS (SELECT room, sum(octet_length(context)) AS bytes FROM requests GROUP BY room),
            sent AS (SELECT room, sum(octet_length(receiver) + octet_length(payload)) AS bytes FROM events GROUP BY room),
            saved AS (SELECT room, sum(octet_length(version) + octet_length(data)) AS bytes FROM snapshots GROUP BY room)
         SELECT rooms.name FROM rooms
            LEFT JOIN kept ON kept.room = rooms.id LEFT JOIN timed ON timed.room = rooms.id
            LEFT JOIN asked ON asked.room = rooms.id LEFT JOIN sent ON sent.room = rooms.id
            LEFT JOIN saved ON saved.room = rooms.id
         WHERE rooms.keys <> coalesce(kept.keys, 0) OR rooms.bytes <> coalesce(kept.bytes, 0)
            OR rooms.extra <> coalesce(timed.bytes, 0) + coalesce(asked.bytes, 0) + coalesce(sent.bytes, 0) + coalesce(saved.bytes, 0)
         LIMIT 20",
    )?;
    let found = statement.query_map([], |row| Ok(format!("room {:?}: its usage is counted wrongly", row.get::<_, String>(0)?)));
    found?.collect()
}

/// Tables with rows that belong to no room.
fn orphans(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for table in ["entries", "timers", "requests", "events", "snapshots"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE room NOT IN (SELECT id FROM rooms)");
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if rows > 0 {
            found.push(format!("table {table}: {rows} rows belong to no room"));
        }
    }
    Ok(found)
}
