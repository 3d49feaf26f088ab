//! The database as the shard uses it.

mod crashes;
mod durability;
mod expiry;
mod opening;
mod reading;
mod tools;

use std::sync::{Arc, mpsc};

use super::error::CommitError;
use super::*;

/// The room ends in good order at the time 1,000, at which rooms of these tests open.
const CLOSE: Write = Write::Close { at_us: 1_000 };

/// A data folder with its open database.
struct Store {
    folder: tempfile::TempDir,
    database: Database,
}

impl Store {
    fn new() -> Self {
        Self::with(&Settings::default())
    }

    fn with(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().expect("the database works");
        let database =
            Database::open(folder.path(), &Settings { sync: Sync::Normal, ..settings.clone() }).expect("the database works");
        Self { folder, database }
    }

    /// Closes the database and opens it again.
    fn restart(&mut self) {
        self.database.close();
        self.database = Database::open(self.folder.path(), &Settings { sync: Sync::Normal, ..Settings::default() })
            .expect("the database works");
    }

    /// Opens a room at the time 1,000.
    fn room(&self, name: &str) -> Opened {
        wait(self.database.open_room(name.into(), 1_000)).expect("the database works")
    }
}

/// Waits for an answer of the database.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("the database works").block_on(answer)
}

/// Commits, and waits until that is done.
fn commit(room: &RoomStore, writes: Vec<Write>) -> Result<Usage, CommitError> {
    let (done, result) = mpsc::channel();
    room.commit(writes, move |result| done.send(result).expect("the database works"));
    result.recv().expect("the database works")
}

fn set(key: &str, value: &str) -> Write {
    Write::Set(key.into(), value.to_owned().into())
}

fn get(room: &RoomStore, key: &str) -> Option<String> {
    let value = wait(room.get(key)).expect("the database works")?;
    Some(String::from_utf8(value.to_vec()).expect("the database works"))
}

fn keys(page: &Page) -> Vec<&str> {
    page.entries.iter().map(|entry| entry.key.as_str()).collect()
}

fn timer(id: u64, due_us: u64) -> DurableTimer {
    DurableTimer { id, due_us, every_us: None, payload: "tick".into() }
}

fn snapshot(sha256: &str, data: &'static str, saved_us: u64) -> Snapshot {
    let (release, sha256) = (Arc::from("app.wasm"), Arc::from(sha256));
    Snapshot { release, sha256, version: "1".into(), data: data.into(), saved_us }
}
