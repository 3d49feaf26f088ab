//! The handle of the database.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::error::{CommitError, OpenError, ReadError};
use super::folder::{self, FolderLock};
use super::job::{Job, Jobs};
use super::life::Life;
use super::opened::Opened;
use super::query::RoomRow;
use super::readers::Readers;
use super::room_store::RoomStore;
use super::settings::Settings;
use super::space::Space;
use super::state::{DueRoom, Place, Step};
use super::threads::Threads;
use super::upkeep::{self, Upkeep};
use super::write::{DurableTimer, OpenRequest, Snapshot, StoredEvent};
use super::writer::Writer;
use super::{connection, query, schema};
use crate::log::LogThrottle;

/// The open database of a data folder. A clone is the same handle. When the last one is dropped, the database is closed as by
/// `close`, but nobody waits for it.
#[derive(Debug, Clone)]
pub struct Database {
    threads: Arc<Threads>,
    was_clean: bool,
    /// The messages that rooms of the process before have sent and not handled, with their senders.
    events: Arc<Mutex<Vec<(String, StoredEvent)>>>,
}

impl Database {
    /// Opens the database of this folder, and makes both if they do not exist. A database with an older schema is migrated.
    ///
    /// # Errors
    /// Another process has the folder, the database is newer than this program or belongs to another one, or it cannot be written.
    pub fn open(folder: &Path, settings: &Settings) -> Result<Self, OpenError> {
        let lock = FolderLock::take(folder)?;
        let file = folder::database_file(folder);
        let failed = |source| OpenError::database(&file, source);
        let mut connection = connection::for_writing(&file, settings.sync).map_err(failed)?;
        schema::prepare(&mut connection, &file)?;
        let (start, was_clean) = note_start(&mut connection, upkeep::wall_us()).map_err(failed)?;
        let total = query::total(&connection).map_err(failed)?;
        let events = Arc::new(Mutex::new(query::all_events(&connection).map_err(failed)?));
        let space = Arc::new(Space::new(total, settings.total_bytes));

        let (sender, receiver) = mpsc::channel();
        let jobs = Jobs(sender);
        let readers = Readers::start(&file, folder)?;
        let upkeep = Upkeep::start(&file, settings, jobs.clone())?;
        let (own_space, probe_interval, log_pages) = (Arc::clone(&space), settings.probe_interval, settings.log_pages);
        let (next_probe, not_noted, refused) = (None, Vec::new(), LogThrottle::one("turns that the database refuses"));
        let writer = Writer {
            connection,
            start,
            space: own_space,
            upkeep,
            probe_interval,
            next_probe,
            log_pages,
            not_noted,
            refused,
            lock,
        };
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run(receiver));
        let thread = thread.map_err(|source| OpenError::Folder { folder: folder.to_owned(), source })?;
        let threads = Arc::new(Threads { jobs, readers, space, writer: Mutex::new(Some(thread)) });
        Ok(Self { threads, was_clean, events })
    }

    /// Whether the process that had the database before has closed it. True for a new one.
    pub fn was_clean(&self) -> bool {
        self.was_clean
    }

    /// Takes the messages that rooms of the process before have sent and not handled, with their senders, in their order. A second call gives
    /// none.
    pub fn take_events(&self) -> Vec<(String, StoredEvent)> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the database takes writes. It does not after a failed transaction, until a probe write succeeds; reads work on.
    pub fn is_available(&self) -> bool {
        self.threads.space.is_available()
    }

    /// Whether this many more bytes fit below the total limit. Turns that run at the same time on several threads may together pass it by
    /// as much as each of them writes.
    pub fn has_room_for(&self, bytes: u64) -> bool {
        self.threads.space.has_room_for(bytes)
    }

    /// Whether so much waits for the disk that a commit which can come later should: with twice as much, commits are refused.
    pub fn is_busy(&self) -> bool {
        self.threads.space.is_busy()
    }

    /// The memory of the commits that wait for the disk.
    pub fn waiting_bytes(&self) -> usize {
        self.threads.space.waiting()
    }

    /// The durable bytes of keys, values, timers and snapshots of all rooms.
    pub fn total_bytes(&self) -> u64 {
        self.threads.space.total()
    }

    /// The transactions that have become durable since the database was opened. With `Sync::Full` each of them is a sync of the disk.
    pub fn transactions(&self) -> u64 {
        self.threads.space.transactions()
    }

    /// Opens a room, behind all commits of it that still wait, and notes durably that it is open. While the database is unavailable, the
    /// room opens without that note.
    pub fn open_room(&self, name: Arc<str>, now_us: u64) -> impl Future<Output = Result<Opened, ReadError>> + Send + use<> {
        let threads = Arc::clone(&self.threads);
        let life = Life::new(name, now_us);
        let (answer, answered) = oneshot::channel();
        self.threads.jobs.submit(Job::Open { life: Arc::clone(&life), answer });
        async move {
            let noted = match answered.await {
                Ok(Err(CommitError::Closed)) | Err(_) => return Err(ReadError::Closed),
                Ok(noted) => noted.ok(),
            };
            let store = RoomStore::new(Arc::clone(&threads), Arc::clone(&life));
            let found = threads.readers.read(move |connection| load(connection, &life)).await?;
            let Some((row, timers, requests, snapshots)) = found else {
                let (usage, timers, requests, snapshots) = Default::default();
                return Ok(Opened { store, usage, timers, requests, snapshots, is_known: false, clean: true });
            };
            let clean = noted.unwrap_or(row.open_in) == 0;
            Ok(Opened { store, usage: row.usage, timers, requests, snapshots, is_known: true, clean })
        }
    }

    /// Reserves this many client ids, and returns the first of them. No later call returns one of them, in no process.
    pub fn reserve_ids(&self, count: u64) -> impl Future<Output = Result<u64, CommitError>> + Send + use<> {
        self.ask(move |answer| Job::ReserveIds { count, answer })
    }

    /// Whether the database has anything of a room.
    pub fn has_room(&self, name: &str) -> impl Future<Output = Result<bool, ReadError>> + Send + use<> {
        let name = name.to_owned();
        self.threads.readers.read(move |connection| Ok(query::room(connection, &name)?.is_some()))
    }

    /// The names of at most this many rooms, open ones too, in their order: those with this beginning that come behind `after`, if they pass
    /// `is_room`.
    pub fn room_names<F: Fn(&str) -> bool + Send + 'static>(
        &self,
        prefix: String,
        after: Option<String>,
        limit: usize,
        is_room: F,
    ) -> impl Future<Output = Result<Vec<String>, ReadError>> + Send + use<F> {
        self.threads.readers.read(move |connection| query::room_names(connection, (&prefix, after.as_deref()), limit, is_room))
    }

    /// How many rooms the database has that are not open.
    pub fn closed_rooms(&self) -> impl Future<Output = Result<u64, ReadError>> + Send + use<> {
        self.threads.readers.read(query::closed_rooms)
    }

    /// The rooms with durable timers that are due by a time, the most overdue first.
    pub fn due_rooms(&self, until_us: u64, limit: usize) -> impl Future<Output = Result<Vec<DueRoom>, ReadError>> + Send + use<> {
        self.threads.readers.read(move |connection| query::due_rooms(connection, until_us, limit))
    }

    /// Removes some rooms that nobody has used since a time, are not open, and have neither a timer, nor a request that has no
    /// answer, nor a message that its receiver has not handled. It begins at a place, and says where to go on. A room is used when it opens, while it is open, and when it closes.
    pub fn expire(&self, unused_since_us: u64, from: Place) -> impl Future<Output = Result<Step, CommitError>> + Send + use<> {
        self.ask(move |answer| Job::Expire { unused_since_us, from, answer })
    }

    /// Makes the commits that wait durable, writes the mark of a clean shutdown, and lets go of the folder. It blocks. Commits and reads
    /// after it fail.
    pub fn close(&self) {
        self.threads.close();
    }

    fn ask<T: Send + 'static, J: FnOnce(oneshot::Sender<Result<T, CommitError>>) -> Job>(
        &self,
        job: J,
    ) -> impl Future<Output = Result<T, CommitError>> + Send + use<T, J> {
        let (answer, answered) = oneshot::channel();
        self.threads.jobs.submit(job(answer));
        async move { answered.await.unwrap_or(Err(CommitError::Closed)) }
    }
}

/// Counts the start, which also shows that the database can be written. Returns its number, and whether the process before has closed the
/// database.
fn note_start(connection: &mut Connection, now_us: u64) -> rusqlite::Result<(i64, bool)> {
    let transaction = connection.transaction()?;
    let was_clean = transaction.query_row("SELECT value FROM meta WHERE name = 'clean'", [], |row| row.get(0))?;
    transaction.execute("UPDATE meta SET value = 0 WHERE name = 'clean'", [])?;
    let sql = "UPDATE meta SET value = value + 1 WHERE name = 'starts' RETURNING value";
    let start = transaction.query_row(sql, [], |row| row.get(0))?;
    // Rooms that were open in a crash were used until then, and nobody knows when that was. They are no longer open, and not clean.
    let sql = "UPDATE rooms SET used = max(used, ?1), is_open = -1 WHERE is_open > 0";
    transaction.execute(sql, [query::signed(now_us)])?;
    transaction.commit()?;
    Ok((start, was_clean))
}

/// A room's row, its timers, its requests and its saved states.
type Loaded = (RoomRow, Vec<DurableTimer>, Vec<OpenRequest>, Vec<Snapshot>);

/// Reads all of a room but its entries. A room that has never written has nothing.
fn load(connection: &Connection, life: &Life) -> rusqlite::Result<Option<Loaded>> {
    let Some(row) = query::room(connection, &life.name)? else { return Ok(None) };
    let (timers, requests) = (query::timers(connection, row.id)?, query::requests(connection, row.id)?);
    Ok(Some((row, timers, requests, query::snapshots(connection, row.id)?)))
}
