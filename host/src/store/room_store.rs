//! One room's part of the database, from its opening to its end.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use super::done::Done;
use super::error::{CommitError, ReadError};
use super::job::{Commit, Job};
use super::life::Life;
use super::query;
use super::state::{Page, Usage};
use super::threads::Threads;
use super::write::Write;

/// One room's part of the database. A clone is the same handle.
///
/// **Reads see what is durable.** A read does not see commits that still wait, and a read that was asked for before a commit was done may
/// not see that commit. So whoever lays its own writes over what it reads keeps them until each such read has returned.
#[derive(Clone)]
pub struct RoomStore {
    threads: Arc<Threads>,
    life: Arc<Life>,
}

impl RoomStore {
    pub(super) fn new(threads: Arc<Threads>, life: Arc<Life>) -> Self {
        Self { threads, life }
    }

    /// Makes these changes durable, all or none of them.
    ///
    /// `done` is called once, on the writer's thread or, if the database is closed, on this one; it must not block. It gets the room's usage
    /// after this commit. The commits of one room become durable in their order, and are reported in it, refusals too. After an error every
    /// later commit of this room fails too, until the room is opened again by `Database::open_room`.
    pub fn commit(&self, writes: Vec<Write>, done: impl FnOnce(Result<Usage, CommitError>) + Send + 'static) {
        let (done, space) = (Done::new(done), &self.threads.space);
        let bytes = writes.iter().map(Write::bytes).sum();
        let admitted = match (self.life.has_failed(), space.is_available()) {
            (true, _) => Err(CommitError::RoomFailed),
            (_, false) => Err(CommitError::Unavailable),
            _ => space.begin_waiting(bytes).map_err(CommitError::Overloaded),
        };
        self.threads.jobs.submit(match admitted {
            Ok(()) => Job::Commit(Commit { life: Arc::clone(&self.life), writes, bytes, done }),
            Err(error) => Job::Refuse { life: Arc::clone(&self.life), done, error },
        });
    }

    /// Reads the value of a key.
    pub fn get(&self, key: &str) -> impl Future<Output = Result<Option<Bytes>, ReadError>> + Send + use<> {
        let (life, key) = (Arc::clone(&self.life), key.to_owned());
        self.threads.readers.read(move |connection| {
            let Some(row) = query::row(connection, &life)? else { return Ok(None) };
            query::value(connection, row, &key)
        })
    }

    /// Reads entries whose keys begin with `prefix`, in the order of their bytes, from the first key behind `after` on. Gives at most
    /// `limit` and `MAX_LIST_ENTRIES` entries, and ends behind the one that passes `MAX_LIST_BYTES`.
    pub fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, ReadError>> + Send + use<> {
        let life = Arc::clone(&self.life);
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.threads.readers.read(move |connection| {
            let Some(row) = query::row(connection, &life)? else { return Ok(Page::default()) };
            query::page(connection, row, &query::Range { prefix: &prefix, after: after.as_deref(), limit })
        })
    }
}

impl fmt::Debug for RoomStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomStore").field("life", &self.life).finish_non_exhaustive()
    }
}
