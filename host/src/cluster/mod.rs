//! The node's part in a cluster: its connection to NATS, its lease, and the records of rooms.
//!
//! One thread has all of it. Shards ask it by [`Node`], which never blocks, and hear from it by their [`NewsInbox`]. The rules are those of
//! `ws-cluster` and of `docs/cluster.md`; this is the I/O around them.
//!
//! | file | owns |
//! | --- | --- |
//! | `settings` | where NATS is, and how the node shows who it is |
//! | `node` | what shards ask of the node |
//! | `news`, `inboxes` | what it tells them; the way there |
//! | `link`, `streams`, `names` | the connection; the streams; their names |
//! | `core` | the parts that the node's tasks share |
//! | `life` | its lives, one after the other |
//! | `renewals`, `hold` | its lease; whether that is held, for other threads |
//! | `watch`, `sight` | the records of all nodes |
//! | `rooms` | finding, claiming and writing rooms |
//! | `directory_watch`, `noting` | the records of durable rooms, as they come; those of this node |
//! | `waking` | the opening of closed rooms that are due |
//! | `existence` | whether a room exists anywhere |
//! | `records`, `chain`, `pieces` | single records; all of one room; those that do not fit one message |
//! | `present` | the release that the node runs, for records of rooms |
//! | `purges` | records that nobody needs any more |
//! | `sending`, `receiving`, `parcels` | messages between nodes |
//! | `asking` | requests between nodes |
//! | `ids` | blocks of client ids |
//! | `releases/` | the releases that all nodes run |
//! | `clock` | the time |
//! | `state/` | the durable state of a room, as its records leave it |
//! | `mail/` | messages between rooms of two owners |

mod asking;
mod chain;
mod clock;
mod core;
mod directory_watch;
mod existence;
mod hold;
mod ids;
mod inboxes;
mod life;
mod link;
pub mod mail;
mod names;
mod news;
mod node;
mod noting;
mod parcels;
mod pieces;
mod present;
mod purges;
mod receiving;
mod records;
mod releases;
mod renewals;
mod rooms;
mod sending;
mod settings;
mod sight;
pub mod state;
mod streams;
#[cfg(test)]
mod tests;
mod waking;
mod watch;

pub use ids::BLOCK as ID_BLOCK;
pub use news::{News, NewsInbox};
pub use node::{LeavesOnDrop, Node};
pub use releases::{ClusterReleases, Failed, LocalReleases, Start};
