//! A shard: one thread that owns whole rooms, with all that belongs to them.
//!
//! | file | owns |
//! | --- | --- |
//! | `thread` | the thread, and the commands that other threads send it |
//! | `drain` | the end of a shard: everybody is closed, in batches |
//! | `table` | lines, buffers and clock of one shard; the end of its turn |
//! | `line` | one client's socket and session, and how they end |
//! | `clock` | the time of a shard, in few bytes |
//! | `keepalive` | how long a client is silent, and what follows |
//! | `reader` | its task: frames in, events out |
//! | `rate` | how many messages a client may send |
//! | `stream` | how it reaches its client: a socket, with or without TLS |
//! | `tls` | one client's TLS session, without I/O |
//! | `outbox` | the bytes that wait for one client |
//! | `parcel` | one message in the forms in which it is sent |
//! | `rooms` | the rooms of one shard by name |
//! | `seat` | where events reach a room |
//! | `mailbox` | the events that wait for it |
//! | `room_loop` | one event after the other, through the app's handlers |
//! | `effects` | what a handler staged, applied |
//! | `containment` | what becomes of a room whose app fails |
//! | `breaker` | how often an app may fail |
//! | `orders` | orders to change the release |
//! | `takeover` | how a room follows them |
//! | `roster` | who is connected, for other threads to see |

mod breaker;
mod clock;
mod containment;
mod drain;
mod effects;
mod keepalive;
mod line;
mod mailbox;
mod orders;
mod outbox;
mod parcel;
mod rate;
mod reader;
mod room_loop;
mod rooms;
mod roster;
mod seat;
mod stream;
mod table;
mod takeover;
mod thread;
mod tls;

pub use orders::{Order, Probation, RoomSwap};
pub use rooms::Counters;
pub use roster::Roster;
pub use thread::{Command, Newcomer, Permit, ShardContext, spawn};
pub use tls::TlsSession;
