//! A WebSocket server whose application is a sandboxed WebAssembly component, or a native app in its place.
//!
//! ```no_run
//! # fn main() -> Result<(), ws_host::Error> {
//! ws_host::Server::builder().port(13254).component("chat.wasm").build()?.run_forever()
//! # }
//! ```
//!
//! A reading order: `server` listens and accepts through `front`, which hands each connection to the `shard`; the shard's
//! `room_loop` calls the handlers of an `app`, which is a `guest` (Wasm) or `native`; what a handler does waits in the
//! `room` until it returns. ARCHITECTURE.md tells the way of a message in one paragraph.

mod admin;
mod app;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench_support;
mod builder;
mod close;
mod config;
mod error;
mod front;
mod guest;
mod handle;
mod native;
mod room;
mod server;
mod shard;
mod swap;
mod types;

use ws_protocol as protocol;

/// The types around the main ones: reasons, errors, limits, and what the binary needs of guests.
pub mod more {
    pub use crate::admin::{AdminSocket, Answer, Request as AdminRequest, ask, default_socket};
    pub use crate::app::{Decision, Fault, Outcome, Saved, StartReason, UpgradeRequest};
    pub use crate::config::{Compression, Grants, Instances, Limits};
    pub use crate::guest::{Engine, Program, Report, sha256};
    pub use crate::room::{AttachmentError, CloseError, SendError, SendStatus, SubscribeError, TimerError};
    pub use crate::shard::RoomSwap;
    pub use crate::swap::{ReleaseInfo, Status, SwapReport};
    pub use crate::types::{ClientId, CloseCause, Request};
}

pub use app::App;
pub use builder::Builder;
pub use error::Error;
pub use handle::Handle;
pub use room::Room;
pub use server::Server;
pub use types::{Client, CloseInfo, Message};
