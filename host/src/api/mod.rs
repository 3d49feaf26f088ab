//! The API: other processes see and change a running server, by HTTP.
//!
//! One set of routes has two doors. The Unix socket (mode 0600) is open to the server's user and root, who may do everything. The TCP door asks for a token.
//!
//! | file | owns |
//! | --- | --- |
//! | `router` | all routes, and their description |
//! | `status`, `releases`, `reload`, `shutdown`, `log`, `traps`, `rooms`, `clients`, `sending`, `disconnecting` | a group of routes each |
//! | `nodes` | the nodes of a cluster, as the status tells them |
//! | `dashboard` | the page that is a client of the routes |
//! | `health` | the routes for monitoring, which take no right |
//! | `service` | the server, as routes see it |
//! | `caller` | the one that asks, and its rights |
//! | `input` | the parts of a request: query, path, JSON, body, page of a list |
//! | `problem` | refusals (RFC 9457) |
//! | `document` | the description of the API (OpenAPI 3.1), but for the routes themselves |
//! | `trust` | the folders and sockets that either side of the admin socket believes |
//! | `doors/` | the ways in |
//! | `client/` | the side that asks |
//! | `takeover/` | the handover of a whole server to a new process |
//!
//! **A route** is a handler of axum that translates, and no more: a method of `Handle` does the work. Its description stands above it, as an
//! attribute of utoipa, which says the method and the path once for both. A group has a function `routes`, which `router` merges. A handler takes
//! `MayRead`, `MaySend` or `MayAdminister` first, so that nothing is read of a request that is refused; its attribute names the same right (a
//! test compares them). It takes the rest by the extractors of `input` and gives a `Problem` for each refusal. Refusals are described for all routes
//! together.
//!
//! utoipa was chosen over a document by hand, since the schemas are those of the types that serde writes.
//!
//! **Trust.** The default path of the Unix socket can lie in a folder where every user writes. Neither side uses a folder of another user but root,
//! or one in which every user can replace files. The side that asks also checks which user listens, since a group can add files to its folder.
//!
//! **Succession.** A server that shuts down frees its port at once, and its clients may take long to leave. A server that starts
//! meanwhile asks it for the socket (`doors/succession`). The old server agrees, answers what it is still asked, and leaves the file
//! alone: requests belong to the new server now. A server that runs does not agree; it can be taken over as a whole (`takeover/`).

mod caller;
mod client;
mod clients;
mod dashboard;
mod disconnecting;
mod document;
pub mod doors;
mod health;
mod input;
mod log;
pub mod nodes;
mod problem;
mod releases;
mod reload;
mod rooms;
mod router;
mod sending;
mod service;
mod shutdown;
mod status;
pub mod takeover;
#[cfg(test)]
mod tests;
mod traps;
mod trust;

pub use client::{Failure, Request, take_over};
pub use clients::ClientList;
pub use problem::Problem;
pub use releases::ReleaseList;
pub use rooms::RoomList;
pub use service::{Api, ReloadReport, ReloadRequest};

pub use crate::log::{LogLine, LogTail};
pub use crate::metrics::{MEDIA_TYPE, Metrics, Totals};
pub use crate::shard::{RoomSwap, Trap};
pub use crate::status::{AppKind, Status};
pub use crate::swap::{ReleaseInfo, SwapReport};
