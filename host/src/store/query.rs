//! Reads, as SQL.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::life::Life;
use super::state::{DueRoom, Entry, Page, Usage};
use super::write::{DurableTimer, OpenRequest, Snapshot, StoredEvent};
use super::{MAX_LIST_BYTES, MAX_LIST_ENTRIES};

/// The entries that a `list` asks for.
pub(super) struct Range<'a> {
    pub(super) prefix: &'a str,
    /// Keys up to this one are left out.
    pub(super) after: Option<&'a str>,
    pub(super) limit: usize,
}

/// A room's own row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomRow {
    pub(super) id: i64,
    pub(super) usage: Usage,
    /// The start of the host in which the room is open, and -1 if it was open when an earlier start ended; 0 if it has ended in good order.
    pub(super) open_in: i64,
}

/// The row of a room, if it has one.
pub(super) fn row(connection: &Connection, life: &Life) -> rusqlite::Result<Option<i64>> {
    match life.row() {
        Some(row) => Ok(Some(row)),
        None => Ok(room(connection, &life.name)?.map(|row| row.id)),
    }
}

/// Looks a room up by its name.
pub(super) fn room(connection: &Connection, name: &str) -> rusqlite::Result<Option<RoomRow>> {
    let mut statement = connection.prepare_cached("SELECT id, keys, bytes, is_open FROM rooms WHERE name = ?1")?;
    let read = |row: &Row<'_>| {
        let usage = Usage { keys: unsigned(row.get(1)?), bytes: unsigned(row.get(2)?) };
        Ok(RoomRow { id: row.get(0)?, usage, open_in: row.get(3)? })
    };
    statement.query_row([name], read).optional()
}

/// The value of a key.
pub(super) fn value(connection: &Connection, room: i64, key: &str) -> rusqlite::Result<Option<Bytes>> {
    let mut statement = connection.prepare_cached("SELECT value FROM entries WHERE room = ?1 AND key = ?2")?;
    statement.query_row(params![room, key], |row| blob(row, 0)).optional()
}

/// A page of entries.
pub(super) fn page(connection: &Connection, room: i64, range: &Range<'_>) -> rusqlite::Result<Page> {
    let after = range.after.filter(|after| *after >= range.prefix);
    let from = after.unwrap_or(range.prefix);
    let mut statement = connection.prepare_cached(if after.is_some() {
        "SELECT key, value FROM entries WHERE room = ?1 AND key > ?2 ORDER BY key"
    } else {
        "SELECT key, value FROM entries WHERE room = ?1 AND key >= ?2 ORDER BY key"
    })?;
    let (mut rows, mut page, mut bytes) = (statement.query(params![room, from])?, Page::default(), 0);
    let limit = range.limit.min(MAX_LIST_ENTRIES);
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        if !key.starts_with(range.prefix) {
            break;
        }
        if page.entries.len() >= limit || bytes >= MAX_LIST_BYTES {
            page.more = true;
            break;
        }
        let value = blob(row, 1)?;
        bytes += key.len() + value.len();
        page.entries.push(Entry { key, value });
    }
    Ok(page)
}

/// The timers of a room, the next one first.
pub(super) fn timers(connection: &Connection, room: i64) -> rusqlite::Result<Vec<DurableTimer>> {
    let mut statement =
        connection.prepare_cached("SELECT id, due, every, payload FROM timers WHERE room = ?1 ORDER BY due, id")?;
    let read = |row: &Row<'_>| {
        Ok(DurableTimer {
            id: row.get::<_, i64>(0)?.cast_unsigned(),
            due_us: unsigned(row.get(1)?),
            every_us: row.get::<_, Option<i64>>(2)?.map(unsigned),
            payload: blob(row, 3)?,
        })
    };
    statement.query_map([room], read)?.collect()
}

/// The requests of a room that have no answer yet, in the order of their ids.
pub(super) fn requests(connection: &Connection, room: i64) -> rusqlite::Result<Vec<OpenRequest>> {
    let mut statement = connection.prepare_cached("SELECT id, context FROM requests WHERE room = ?1 ORDER BY id")?;
    let read = |row: &Row<'_>| Ok(OpenRequest { id: row.get::<_, i64>(0)?.cast_unsigned(), context: blob(row, 1)? });
    statement.query_map([room], read)?.collect()
}

/// The messages of a room that their receivers have not handled, in the order of their ids.
pub(super) fn events(connection: &Connection, room: i64) -> rusqlite::Result<Vec<StoredEvent>> {
    let mut statement =
        connection.prepare_cached("SELECT id, receiver, is_text, payload FROM events WHERE room = ?1 ORDER BY id")?;
    statement.query_map([room], |row| event(row, 0))?.collect()
}

/// The messages of all rooms that their receivers have not handled, with their senders, in the order of their ids.
pub(super) fn all_events(connection: &Connection) -> rusqlite::Result<Vec<(String, StoredEvent)>> {
    let mut statement = connection.prepare(
        "SELECT rooms.name, events.id, receiver, is_text, payload FROM events JOIN rooms ON rooms.id = events.room ORDER BY events.id",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, event(row, 1)?)))?.collect()
}

fn event(row: &Row<'_>, from: usize) -> rusqlite::Result<StoredEvent> {
    let id = row.get::<_, i64>(from)?.cast_unsigned();
    Ok(StoredEvent { id, to: row.get(from + 1)?, is_text: row.get(from + 2)?, payload: blob(row, from + 3)? })
}

/// The saved states of a room, the newest first.
pub(super) fn snapshots(connection: &Connection, room: i64) -> rusqlite::Result<Vec<Snapshot>> {
    let mut statement = connection.prepare_cached(
        "SELECT release, sha256, version, data, saved FROM snapshots WHERE room = ?1 ORDER BY saved DESC, rowid DESC",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Snapshot {
            release: row.get(0)?,
            sha256: row.get(1)?,
            version: row.get(2)?,
            data: blob(row, 3)?,
            saved_us: unsigned(row.get(4)?),
        })
    };
    statement.query_map([room], read)?.collect()
}

/// The names of rooms in their order, from behind a place on, if they have a beginning and pass `is_room`.
pub(super) fn room_names(
    connection: &Connection,
    (prefix, after): (&str, Option<&str>),
    limit: usize,
    is_room: impl Fn(&str) -> bool,
) -> rusqlite::Result<Vec<String>> {
    let after = after.filter(|after| *after >= prefix);
    let mut statement = connection.prepare_cached(if after.is_some() {
        "SELECT name FROM rooms WHERE name > ?1 ORDER BY name"
    } else {
        "SELECT name FROM rooms WHERE name >= ?1 ORDER BY name"
    })?;
    let mut rows = statement.query([after.unwrap_or(prefix)])?;
    let mut names = Vec::new();
    while names.len() < limit
        && let Some(row) = rows.next()?
    {
        let name: String = row.get(0)?;
        if !name.starts_with(prefix) {
            break;
        }
        if is_room(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The number of rooms that are not open in this start of the host.
pub(super) fn closed_rooms(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM rooms WHERE is_open <> (SELECT value FROM meta WHERE name = 'starts')";
    connection.query_row(sql, [], |row| row.get(0).map(unsigned))
}

/// The rooms with timers that are due by a time, the most overdue first.
pub(super) fn due_rooms(connection: &Connection, until_us: u64, limit: usize) -> rusqlite::Result<Vec<DueRoom>> {
    let mut statement = connection.prepare_cached(
        "SELECT rooms.name, min(timers.due) FROM timers JOIN rooms ON rooms.id = timers.room WHERE timers.due <= ?1
         GROUP BY timers.room ORDER BY min(timers.due), rooms.name LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let read = |row: &Row<'_>| Ok(DueRoom { room: row.get(0)?, due_us: unsigned(row.get(1)?) });
    statement.query_map(params![signed(until_us), limit], read)?.collect()
}

/// The bytes of all entries, timers and snapshots.
pub(super) fn total(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT coalesce(sum(bytes + extra), 0) FROM rooms", [], |row| row.get(0).map(unsigned))
}

fn blob(row: &Row<'_>, column: usize) -> rusqlite::Result<Bytes> {
    Ok(Bytes::copy_from_slice(row.get_ref(column)?.as_blob()?))
}

/// A number of SQLite, which has only signed ones. The database has no negative ones but ids of timers.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A number for SQLite. Sizes and times never come near its largest one.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
