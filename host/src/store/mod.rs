//! The local database behind `store`: the writes of rooms, durable and in their order.
//!
//! ```text
//! RoomStore::commit -> writer thread: one transaction and one sync for all turns that wait -> done
//! RoomStore::get, list -> reader threads with read-only connections
//! ```
//!
//! | file | owns |
//! | --- | --- |
//! | `database` | the handle: opening, rooms, ids, closing |
//! | `settings` | its settings |
//! | `room_store` | one room's part of the database |
//! | `opened` | a room that has been opened |
//! | `life` | one life of a room, from its opening to the next one |
//! | `write` | one change of a room, as plain data |
//! | `state` | the state of a room in the database, as plain data |
//! | `done` | the report about one commit, which always comes |
//! | `threads` | the threads, as the handles share them |
//! | `job` | the jobs of the writer, and its queue |
//! | `writer` | the writer thread: which jobs become one transaction, and what follows when it fails |
//! | `transaction` | the jobs of one transaction, as SQL |
//! | `query` | reads, as SQL |
//! | `readers` | the reader threads |
//! | `expiry` | the expiry of rooms, in steps |
//! | `upkeep` | the thread that keeps the database small |
//! | `space` | the bytes of all rooms, and their limit |
//! | `tools` | the commands of `ws-host data` |
//! | `folder` | the data folder and its lock |
//! | `connection` | a connection with its settings |
//! | `schema` | the tables and their versions |
//! | `error` | the errors |
//!
//! **Time.** Callers bring the time, in microseconds since 1970. Only the start and the thread of upkeep read the clock themselves.
//!
//! **Failure.** When a transaction fails because of the disk, every turn in it fails, and so does every later turn of its rooms until they
//! are opened again. The database refuses commits until a probe write succeeds. When it fails because of one turn, each turn is tried alone. The log gets one line for the failure and one for its end.

mod connection;
mod database;
mod done;
mod error;
mod expiry;
mod folder;
mod job;
mod life;
mod opened;
mod query;
mod readers;
mod room_store;
mod schema;
mod settings;
mod space;
mod state;
#[cfg(test)]
mod tests;
mod threads;
pub mod tools;
mod transaction;
mod upkeep;
mod write;
mod writer;

pub use database::Database;
pub use error::{CommitError, OpenError, ReadError};
pub use opened::Opened;
pub use room_store::RoomStore;
pub use settings::{Settings, Sync};
pub use state::{DueRoom, Entry, Page, Place, Step, Usage};
pub use upkeep::wall_us;
pub use write::{DurableTimer, OpenRequest, Snapshot, StoredEvent, Write};

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;
/// The largest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 128 << 10;
/// The largest id of a durable timer. JavaScript has each whole number up to it, and the ids of a room that counts up never reach it.
pub const MAX_TIMER_ID: u64 = (1 << 53) - 1;
/// The most entries that one `list` gives.
pub const MAX_LIST_ENTRIES: usize = 1000;
/// The bytes of keys and values after which `list` gives no further entry.
pub const MAX_LIST_BYTES: usize = 1 << 20;
