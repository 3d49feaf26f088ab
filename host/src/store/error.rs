//! The errors of the database, each in one line that says what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data folder.
    #[error(
        "the data folder {} is in use by {}. Stop that process, or choose another folder", folder.display(),
        pid.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process that has it, if its file says so.
        pid: Option<u32>,
    },
    /// A newer version of this program has written the database.
    #[error(
        "{} has the schema version {found}, and this version of ws-host knows {known} at most. Use a newer ws-host, or another folder",
        file.display()
    )]
    Newer {
        /// The database file.
        file: PathBuf,
        /// The version in the file.
        found: usize,
        /// The newest version that this program knows.
        known: usize,
    },
    /// An older version of this program has written the database, and it is opened only for reading.
    #[error("{} has an older schema version. Start the server on it once, which brings it up to date", file.display())]
    Older {
        /// The database file.
        file: PathBuf,
    },
    /// The file belongs to another program, or is no database.
    #[error("{} is no database of ws-host. Choose another folder, or move the file away", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// Nothing has been stored in the folder yet.
    #[error("the folder {} has no database of ws-host. Check the path", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be made or used.
    #[error("cannot use the data folder {}: {source}. It must be a folder in which this user may write", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The database cannot be read or written.
    #[error("cannot use the database {}: {}", file.display(), explain(source))]
    Database {
        /// The file.
        file: PathBuf,
        /// The error of SQLite.
        source: rusqlite::Error,
    },
}

impl OpenError {
    pub(super) fn database(file: &Path, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign { file: file.to_owned() },
            _ => Self::Database { file: file.to_owned(), source },
        }
    }
}

/// Why a commit is not durable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An earlier transaction has failed, and no probe write has succeeded since. Nothing of this commit was tried.
    #[error("the database takes no writes for now")]
    Unavailable,
    /// The transaction of this commit has failed. A crash of the machine at that moment may have left it durable all the same.
    #[error("the database could not write: {0}")]
    Failed(String),
    /// An earlier commit of this room has failed, and the room has not been opened again since.
    #[error("an earlier commit of this room has failed")]
    RoomFailed,
    /// The commits that wait have more bytes than may wait.
    #[error("the database is too slow: {0} bytes wait for it already")]
    Overloaded(usize),
    /// The database has been closed.
    #[error("the database is closed")]
    Closed,
}

/// Why a read failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// SQLite could not read.
    #[error("the database could not read: {0}")]
    Failed(String),
    /// The database has been closed.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(explain(&error))
    }
}

/// Explains an error of SQLite: the cause that users know, and what to do.
pub(super) fn explain(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full. Make room on it".into(),
        Some(ErrorCode::ReadOnly) => "it may only be read. Give this user the right to write the folder and its files".into(),
        Some(ErrorCode::CannotOpen) => "it cannot be opened. Give this user the right to write the folder and its files".into(),
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged. Put a backup in its place".into(),
        Some(ErrorCode::SystemIoFailure) => format!("the disk failed ({error}). Check it and its mount"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program writes it. Stop that program".into(),
        _ => error.to_string(),
    }
}
