//! Nodes of one process with a real NATS server.
//!
//! | file | owns |
//! | --- | --- |
//! | `server` | the server |
//! | `member` | a node with the inboxes of its shards |
//! | `nodes`, `joining` | lives of nodes; how they begin |
//! | `rooms` | finding, claiming and writing rooms |
//! | `directory` | the durable rooms: which exist, and which are opened without a client |
//! | `between` | messages and requests between nodes |
//! | `releases` | the releases that all nodes run |

mod between;
mod directory;
mod joining;
mod member;
mod nodes;
mod releases;
mod rooms;
mod server;
