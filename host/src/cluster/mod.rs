//! The node's part in a cluster: its connection to NATS, its lease, and the records of rooms.
//!
//! One thread has all of it. Shards ask it by [`Node`], which never blocks, and hear from it by their [`NewsInbox`]. The rules are those of
//! `ws-cluster` and of `docs/cluster.md`; this is the I/O around them.
//!
//! | file | owns |
//! | --- | --- |
//! | `settings` | where NATS is, and how the node shows who it is |
//! | `node` | what shards ask of the node |
//! | `news` | what it tells them |
//! | `state/` | the durable state of a room, as its records leave it |
//! | `mail/` | messages between rooms of two owners |

pub mod mail;
mod news;
mod node;
mod settings;
pub mod state;

pub use news::{News, NewsInbox};
pub use node::{Node, Piece};
pub use settings::{ClusterError, ClusterSettings};
