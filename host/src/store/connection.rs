//! A connection with its settings.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::settings::Sync;

/// Pages of 4 KiB that the writer keeps in memory, as SQLite counts them: 64 MiB.
const WRITER_CACHE: i64 = -65_536;
/// The same for each reader: 8 MiB.
const READER_CACHE: i64 = -8_192;
/// The log's file is cut to this size when it starts over.
const LOG_KEPT_BYTES: i64 = 64 << 20;
/// How long to wait while another program writes, in milliseconds.
const BUSY_TIMEOUT: i64 = 5_000;
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// Opens the connection of the writer. `wal_autocheckpoint` is off: a thread of its own makes the checkpoints.
pub(super) fn for_writing(file: &Path, sync: Sync) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", sync.pragma())?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT_BYTES)?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn for_reading(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", READER_CACHE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}
