//! The admin socket: other processes see and change the release of a running server.
//!
//! It is a Unix socket that only the server's user and root may open (mode 0600). A connection carries one request and one answer,
//! each a line of JSON.
//!
//! | file | owns |
//! | --- | --- |
//! | `messages` | the requests and their answers |
//! | `socket` | the server's side |
//! | `client` | the side that asks |
//! | `trust` | the folders and sockets that either side believes |
//! | `default_socket` | the path by the server's port |
//!
//! **Trust.** The default path can lie in a folder where every user writes. Neither side uses a folder of another user but root, or one in
//! which every user can replace files. The side that asks also checks which user listens, since a group can add files to its folder.
//!
//! **Succession.** A server that shuts down frees its port at once, and its clients may take long to leave. A server that starts
//! meanwhile asks it for the socket (`Request::TakeOver`). The old server agrees, answers what it is still asked, and leaves the file
//! alone: requests belong to the new server now. A server that runs does not agree.

mod client;
mod default_socket;
mod messages;
mod socket;
mod trust;

pub use client::ask;
pub use default_socket::default_socket;
pub use messages::{Answer, Request};
pub use socket::AdminSocket;

pub use crate::shard::{RoomSwap, Trap};
pub use crate::swap::{ReleaseInfo, Status, SwapReport};
