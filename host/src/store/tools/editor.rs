//! Writing a database, while no server runs.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::record::{Change, Record, RecordError};
use crate::store::error::{CommitError, OpenError, explain};
use crate::store::folder::{self, FolderLock};
use crate::store::life::Life;
use crate::store::query::{self, signed};
use crate::store::settings::Sync;
use crate::store::write::Write;
use crate::store::{connection, schema, transaction};

/// The database of a data folder, opened for writing. No server can use the folder meanwhile.
#[derive(Debug)]
pub struct Editor {
    connection: Connection,
    /// The number that open rooms have. A room that is changed gets it: its saved states are older than its store from then on.
    start: i64,
    /// Held for as long as the connection writes.
    _lock: FolderLock,
}

/// Why an import has stopped. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E> {
    /// The caller's own error.
    #[error(transparent)]
    Source(E),
    /// A record that cannot be kept, by its number, which begins at 1.
    #[error("record {0}: {1}")]
    Record(usize, RecordError),
    /// The database cannot be written.
    #[error(transparent)]
    Database(CommitError),
}

impl Editor {
    /// Opens the database of this folder, and makes both if they do not exist.
    ///
    /// # Errors
    /// A server has the folder, or the database cannot be opened or written.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let lock = FolderLock::take(folder)?;
        let file = folder::database_file(folder);
        let failed = |source| OpenError::database(&file, source);
        let mut connection = connection::for_writing(&file, Sync::Full).map_err(failed)?;
        schema::prepare(&mut connection, &file)?;
        let sql = "UPDATE meta SET value = max(value, 1) WHERE name = 'starts' RETURNING value";
        let start = connection.query_row(sql, [], |row| row.get(0)).map_err(failed)?;
        Ok(Self { connection, start, _lock: lock })
    }

    /// Opens the database of this folder if it has one.
    ///
    /// # Errors
    /// The folder has none; else as for `open`.
    pub fn open_existing(folder: &Path) -> Result<Self, OpenError> {
        if folder::database_file(folder).is_file() {
            return Self::open(folder);
        }
        Err(OpenError::Missing { folder: folder.to_owned() })
    }

    /// Makes the changes of these records, all or none of them. Returns how many they are. Keys that no record has stay.
    ///
    /// # Errors
    /// `records` gives an error, a record is invalid, or the database cannot be written.
    pub fn import<E>(
        &mut self,
        records: impl IntoIterator<Item = Result<Record, E>>,
        now_us: u64,
    ) -> Result<usize, ImportError<E>> {
        let transaction = begin(&mut self.connection).map_err(ImportError::Database)?;
        let (mut number, mut room) = (0, None::<Arc<Life>>);
        for record in records {
            number += 1;
            let record = record.map_err(ImportError::Source)?;
            let life = match room.take() {
                Some(life) if *life.name == *record.room => life,
                _ => Life::new(record.room.as_str().into(), now_us),
            };
            let change = record.change().map_err(|error| ImportError::Record(number, error))?;
            make(&transaction, self.start, &life, change).map_err(|error| ImportError::Database(failed(&error)))?;
            room = Some(life);
        }
        transaction.commit().map_err(|error| ImportError::Database(failed(&error)))?;
        Ok(number)
    }

    /// Removes all that the database has of a room. Returns whether it had anything.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn delete_room(&mut self, room: &str) -> Result<bool, CommitError> {
        let transaction = begin(&mut self.connection)?;
        let Some(row) = query::room(&transaction, room).map_err(|error| failed(&error))? else { return Ok(false) };
        transaction::remove_room(&transaction, row.id).map_err(|error| failed(&error))?;
        transaction.commit().map_err(|error| failed(&error))?;
        Ok(true)
    }

    /// Removes a key of a room. Returns whether it existed.
    ///
    /// # Errors
    /// As for `delete_room`.
    pub fn delete_key(&mut self, room: &str, key: &str) -> Result<bool, CommitError> {
        let start = self.start;
        let transaction = begin(&mut self.connection)?;
        let delete = || {
            let Some(row) = query::room(&transaction, room)? else { return Ok(false) };
            if query::value(&transaction, row.id, key)?.is_none() {
                return Ok(false);
            }
            transaction::apply(&transaction, start, &Life::new(room.into(), 0), &[Write::Delete(key.into())])?;
            Ok(true)
        };
        let existed = delete().map_err(|error| failed(&error))?;
        transaction.commit().map_err(|error| failed(&error))?;
        Ok(existed)
    }
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, CommitError> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| failed(&error))
}

fn make(transaction: &Transaction<'_>, start: i64, life: &Life, change: Change) -> rusqlite::Result<()> {
    match change {
        Change::Write(write) => transaction::apply(transaction, start, life, &[write]).map(drop),
        Change::Room { used_us, clean } => {
            transaction::apply(transaction, start, life, &[])?;
            let open_in = if clean { 0 } else { start };
            let sql = "UPDATE rooms SET used = ?2, is_open = ?3 WHERE name = ?1";
            transaction.prepare_cached(sql)?.execute(params![life.name, signed(used_us), open_in]).map(drop)
        }
    }
}

fn failed(error: &rusqlite::Error) -> CommitError {
    CommitError::Failed(explain(error))
}
