//! The other nodes of a cluster, as a handle reaches them: each call does its own part, and asks all others at once.
//!
//! | file | owns |
//! | --- | --- |
//! | `link` | the way to them |
//! | `node` | the same by NATS |
//! | `message` | requests and answers |
//! | `part` | the part of a list that one node tells, and how parts become one list |
//! | `asking` | the question to all, with its deadline |
//! | `serving` | the answers to what others ask |

mod asking;
mod link;
mod message;
mod node;
mod part;
mod serving;

pub(super) use asking::{Asked, MAX_PAYLOAD_BYTES, ask};
#[cfg(test)]
pub(super) use link::Answering;
pub(crate) use link::Link;
pub(super) use link::node_of;
pub(super) use message::{Answer, Content, Request};
pub(crate) use node::{by_nats, sessions_by_nats};
pub(super) use part::{Part, merged};
