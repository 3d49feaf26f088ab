//! Requests of apps to HTTP servers: the rules for them, and the client that sends them.
//!
//! | file | owns |
//! | --- | --- |
//! | `outlet` | the rules, limits and count that the requests of all rooms share |
//! | `request` | a request, checked |
//! | `request_body` | the body of a request that is written while it is sent |
//! | `target` | the server that a URL names |
//! | `allow` | the servers that may be asked |
//! | `address` | the addresses that may be connected to |
//! | `answer` | the answer to a request, for its room |
//! | `direct` | a request that an app waits for |
//! | `exchange` | one request and its answer as a state machine, without I/O |
//! | `ended` | how requests have ended, counted |
//! | `client` | the client of a shard: it runs exchanges |
//! | `connector` | new connections: resolve, check, connect, TLS |
//! | `lookups` | look-ups of names |
//! | `memory` | the memory of all bodies together |
//! | `stream` | a connection, with or without TLS |
//! | `roots` | the certificates that are trusted |
//! | `spans` | the spans of requests |
//! | `problem` | the failure behind an error of the client |
//!
//! A room checks a request at the call, by the rules of the `Outlet`. After the commit, its shard runs an `Exchange` on its `Client`.
//!
//! - **A client for each shard**, made for its first request. An answer comes in on the thread of its room, without a lock or a channel.
//!   An app that asks nothing pays nothing.
//! - **Addresses.** The connector resolves a name once, drops the addresses that are not allowed, and connects to one of the others. A check of
//!   the name alone, or of a resolver's answer, would miss literal addresses, and names whose answers change.
//! - **Never twice.** The client takes a request to another connection only if the first has not begun to send it.

mod address;
mod allow;
mod answer;
mod client;
mod connector;
mod direct;
mod ended;
mod exchange;
mod lookups;
mod memory;
mod outlet;
mod problem;
mod request;
mod request_body;
mod roots;
mod spans;
mod stream;
mod target;

pub(crate) use answer::{Answer, Told};
pub use answer::{BodyPart, Cause, Failure, Response};
pub(crate) use client::LazyClient;
pub(crate) use direct::{Direct, DirectError};
pub(crate) use ended::FetchNumbers;
pub use outlet::FetchError;
pub(crate) use outlet::{Outlet, Permit, check_head};
pub use request::FetchRequest;
pub(crate) use request::Request;
