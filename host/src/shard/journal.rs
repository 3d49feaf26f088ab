//! The database as the journal of rooms.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::log::LogThrottle;
use crate::room::{Backing, Done, Dormant, Journal, JournalError, Opened, Reading, Rows, StoreError};
use crate::store::{CommitError, Database, ReadError, RoomStore, Write, wall_us};

/// A database as the journal of all rooms.
#[derive(Debug)]
pub(super) struct DatabaseJournal {
    database: Database,
    failing: Arc<LogThrottle>,
}

/// One room's part of it.
#[derive(Debug)]
struct Part {
    room: RoomStore,
    database: Database,
    failing: Arc<LogThrottle>,
}

impl DatabaseJournal {
    /// The journal for the rooms of one shard.
    pub(super) fn new(database: Database) -> Self {
        Self { database, failing: Arc::new(LogThrottle::one("reads that fail")) }
    }
}

impl Journal for DatabaseJournal {
    fn open(&self, room: &str) -> Pin<Box<dyn Future<Output = Result<Opened, JournalError>> + Send>> {
        let (database, failing) = (self.database.clone(), Arc::clone(&self.failing));
        let opening = database.open_room(room.into(), wall_us());
        Box::pin(async move {
            let opened = opening.await.map_err(|error| JournalError(error.to_string()))?;
            let (snapshots, timers, requests) = (opened.snapshots, opened.timers, opened.requests);
            let dormant = Dormant { snapshots, timers, requests, is_clean: opened.clean };
            let dormant = opened.is_known.then_some(dormant);
            Ok(Opened { backing: Arc::new(Part { room: opened.store, database, failing }), usage: opened.usage, dormant })
        })
    }
}

impl Backing for Part {
    fn get(&self, key: &str) -> Reading<Option<Bytes>> {
        let (value, failing) = (self.room.get(key), Arc::clone(&self.failing));
        Box::pin(async move { value.await.map_err(|error| unreadable(&error, &failing)) })
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Reading<Rows> {
        let (page, failing) = (self.room.list(prefix, after, limit), Arc::clone(&self.failing));
        Box::pin(async move {
            let page = page.await.map_err(|error| unreadable(&error, &failing))?;
            let entries = page.entries.into_iter().map(|entry| (entry.key.into(), entry.value)).collect();
            Ok(Rows { entries, more: page.more })
        })
    }

    fn knows(&self, room: &str) -> Reading<bool> {
        let (known, failing) = (self.database.has_room(room), Arc::clone(&self.failing));
        Box::pin(async move { known.await.map_err(|error| unreadable(&error, &failing)) })
    }

    fn takes_writes(&self) -> bool {
        self.database.is_available()
    }

    fn is_busy(&self) -> bool {
        self.database.is_busy()
    }

    fn has_room_for(&self, bytes: u64) -> bool {
        self.database.has_room_for(bytes)
    }

    fn commit(&self, writes: Vec<Write>, done: Done) {
        self.room.commit(writes, |result| done(result.map(drop).map_err(|error: CommitError| JournalError(error.to_string()))));
    }
}

/// A store that cannot be read. The reason goes to the log: a handler can only give up.
fn unreadable(error: &ReadError, failing: &LogThrottle) -> StoreError {
    if let Some(more) = failing.allows(Instant::now()) {
        tracing::error!("{error}{more}");
    }
    StoreError::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_that_fail_log_one_line_in_ten_seconds() {
        let failing = LogThrottle::one("reads that fail");
        assert_eq!(unreadable(&ReadError::Closed, &failing), StoreError::Unavailable);
        assert_eq!(failing.allows(Instant::now()), None, "the line is used");
    }
}
