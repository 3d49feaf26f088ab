//! A shard: one thread that owns whole rooms, with all that belongs to them.
//!
//! | file | owns |
//! | --- | --- |
//! | `thread` | the thread, and the commands that other threads send it |
//! | `table` | connections, buffers and clock of one shard; the end of its turn |
//! | `connection` | one connection and how it ends |
//! | `reader` | its task: frames in, events out |
//! | `outbox` | the bytes that wait for one client |
//! | `seat` | where events reach a room |
//! | `mailbox` | the events that wait for it |
//! | `room_loop` | one event after the other, through the app's handlers |
//! | `effects` | what a handler staged, applied |
//! | `breaker` | how often an app may fail |
//! | `door`, `roster` | what other threads may see |

mod breaker;
mod connection;
mod door;
mod effects;
mod mailbox;
mod outbox;
mod reader;
mod room_loop;
mod roster;
mod seat;
mod table;
mod thread;

pub use door::Door;
pub use roster::Roster;
pub use thread::{Command, Newcomer, ShardHandle, spawn};
