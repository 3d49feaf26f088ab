//! The thread that moves the log into the database file.
//!
//! A checkpoint beside the writer never reaches the end of a log that keeps growing, so the log could never start over. The thread does
//! the bulk of the work. Then the writer moves the little that has come meanwhile, between two transactions, and starts the log over.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::Connection;

use super::connection;
use super::error::{OpenError, explain};
use super::job::{Job, Jobs};
use super::settings::Sync;
use crate::log::LogThrottle;

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Checkpoints {
    wake: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread. It sends the writer `Job::FinishCheckpoint` after each checkpoint.
    pub(super) fn start(file: &Path, sync: Sync, jobs: Jobs) -> Result<Self, OpenError> {
        let connection = connection::for_writing(file, sync).map_err(|source| OpenError::database(file, source))?;
        let (wake, woken) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("store-checkpoint".into()).spawn(move || serve(&connection, &woken, &jobs));
        let folder = || file.parent().unwrap_or(file).to_owned();
        let thread = thread.map_err(|source: io::Error| OpenError::Folder { folder: folder(), source })?;
        Ok(Self { wake, thread })
    }

    /// Asks for a checkpoint. One that is asked for already is enough.
    pub(super) fn ask(&self) {
        let _ = self.wake.try_send(());
    }

    /// Waits for the checkpoint that runs, and ends the thread.
    pub(super) fn stop(self) {
        drop(self.wake);
        // A thread that panicked has told it by its panic.
        let _ = self.thread.join();
    }
}

/// Moves as much of the log as possible without holding anybody up. Returns the pages that the log has, and those that have been moved.
pub(super) fn run(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// The pages that the log has.
pub(super) fn log_pages(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], |row| row.get(1))
}

fn serve(connection: &Connection, woken: &Receiver<()>, jobs: &Jobs) {
    let failing = LogThrottle::one("checkpoints of the database");
    while woken.recv().is_ok() {
        match run(connection) {
            Ok(_) => jobs.submit(Job::FinishCheckpoint),
            Err(error) => {
                if let Some(more) = failing.allows(Instant::now()) {
                    tracing::error!("the database's log cannot be moved into its file, and grows: {}{more}", explain(&error));
                }
                // The log stays long, so the next transaction asks again.
            }
        }
    }
}
