//! Reading a database, also while a server runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rusqlite::{Connection, Row, Transaction};
use serde::Serialize;

use super::audit;
use super::record::Record;
use crate::store::error::{OpenError, ReadError};
use crate::store::query::{self, Range, unsigned};
use crate::store::state::Entry;
use crate::store::{MAX_LIST_ENTRIES, connection, folder, schema};

/// The database of a data folder, opened for reading. A server may use it meanwhile.
#[derive(Debug)]
pub struct Archive {
    connection: Connection,
    file: PathBuf,
}

/// A room in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomInfo {
    /// The room's name.
    pub room: String,
    /// Its keys.
    pub keys: u64,
    /// The bytes of its keys and values.
    pub bytes: u64,
    /// Its durable timers.
    pub timers: u64,
    /// Its saved states.
    pub snapshots: u64,
    /// When it was last opened or closed, in microseconds since 1970.
    pub used: u64,
    /// Whether it has ended in good order since.
    pub clean: bool,
}

impl Archive {
    /// Opens the database of this folder.
    ///
    /// # Errors
    /// The folder has none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let file = folder::database_file(folder);
        if !file.is_file() {
            return Err(OpenError::Missing { folder: folder.to_owned() });
        }
        let connection = connection::for_reading(&file).map_err(|source| OpenError::database(&file, source))?;
        schema::check(&connection, &file)?;
        Ok(Self { connection, file })
    }

    /// The rooms, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn rooms(&self) -> Result<Vec<RoomInfo>, ReadError> {
        let mut statement = self.connection.prepare(
            "SELECT name, keys, bytes, (SELECT count(*) FROM timers WHERE room = rooms.id),
                (SELECT count(*) FROM snapshots WHERE room = rooms.id), used, is_open = 0
             FROM rooms ORDER BY name",
        )?;
        let read = |row: &Row<'_>| {
            let number = |column| row.get(column).map(unsigned);
            Ok(RoomInfo {
                room: row.get(0)?,
                keys: number(1)?,
                bytes: number(2)?,
                timers: number(3)?,
                snapshots: number(4)?,
                used: number(5)?,
                clean: row.get(6)?,
            })
        };
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// The value of a key; `None` if the room or the key does not exist.
    ///
    /// # Errors
    /// As for `rooms`.
    pub fn value(&self, room: &str, key: &str) -> Result<Option<Bytes>, ReadError> {
        let Some(row) = query::room(&self.connection, room)? else { return Ok(None) };
        Ok(query::value(&self.connection, row.id, key)?)
    }

    /// Hands out all records of these rooms, or of all rooms if none is named, as they are at one moment. Returns the first of the named
    /// rooms that does not exist, if any: then nothing is handed out.
    ///
    /// # Errors
    /// The database cannot be read, or `record` fails.
    pub fn export<E: From<ReadError>>(
        &mut self,
        rooms: &[String],
        mut record: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<Option<String>, E> {
        let transaction = self.connection.transaction().map_err(ReadError::from)?;
        let mut found = Vec::new();
        for room in rooms {
            let Some(row) = query::room(&transaction, room).map_err(ReadError::from)? else { return Ok(Some(room.clone())) };
            found.push((row.id, room.clone()));
        }
        if rooms.is_empty() {
            found = all_rooms(&transaction).map_err(ReadError::from)?;
        }
        for (row, room) in found {
            export_room(&transaction, row, &room, &mut record)?;
        }
        Ok(None)
    }

    /// Checks the whole database. Each problem is one line.
    ///
    /// # Errors
    /// As for `rooms`.
    pub fn problems(&self) -> Result<Vec<String>, ReadError> {
        match audit::problems(&self.connection) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => Ok(vec![error.to_string()]),
            result => Ok(result?),
        }
    }

    /// Writes a copy of the database, as it is at one moment, to a new file. The file appears whole or not at all.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn backup(&self, to: &Path) -> io::Result<()> {
        if to.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file exists. Name a new one"));
        }
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let name = part.to_str().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the file's name is not UTF-8"))?;
        let copied = self.connection.execute("VACUUM INTO ?1", [name]).map_err(|error| io::Error::other(ReadError::from(error)));
        let copied = copied.and_then(|_| File::open(&part)?.sync_all()).and_then(|()| fs::rename(&part, to));
        if copied.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&part);
        }
        copied
    }

    /// The database file.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

fn all_rooms(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = transaction.prepare("SELECT id, name FROM rooms ORDER BY name")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn export_room<E: From<ReadError>>(
    transaction: &Transaction<'_>,
    row: i64,
    room: &str,
    record: &mut impl FnMut(&Record) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error: rusqlite::Error| E::from(ReadError::from(error));
    let mut after: Option<String> = None;
    loop {
        let range = Range { prefix: "", after: after.as_deref(), limit: MAX_LIST_ENTRIES };
        let page = query::page(transaction, row, &range).map_err(failed)?;
        after = page.entries.last().map(|entry| entry.key.clone());
        for Entry { key, value } in page.entries {
            record(&Record::of_entry(room, key, &value))?;
        }
        if !page.more {
            break;
        }
    }
    for timer in query::timers(transaction, row).map_err(failed)? {
        record(&Record::of_timer(room, &timer))?;
    }
    for request in query::requests(transaction, row).map_err(failed)? {
        record(&Record::of_request(room, &request))?;
    }
    for event in query::events(transaction, row).map_err(failed)? {
        record(&Record::of_event(room, &event))?;
    }
    for snapshot in query::snapshots(transaction, row).map_err(failed)? {
        record(&Record::of_snapshot(room, &snapshot))?;
    }
    // An import of the others marks the room as changed, so the room's own facts come last.
    let facts = transaction.query_row("SELECT used, is_open = 0 FROM rooms WHERE id = ?1", [row], |row| {
        Ok(Record { room: room.to_owned(), used: Some(unsigned(row.get(0)?)), clean: Some(row.get(1)?), ..Record::default() })
    });
    record(&facts.map_err(failed)?)
}
