//! A WebSocket server whose application is a sandboxed WebAssembly component or a native Rust type.
//!
//! ```no_run
//! # fn main() -> Result<(), ws_host::Error> {
//! ws_host::Server::builder().port(13254).component("chat.wasm").build()?.run_forever()
//! # }
//! ```
//!
//! | module | has |
//! | --- | --- |
//! | [`app`] | what the handlers of an [`App`] get and return: clients, messages, close causes, errors; [`app::rooms`] has what a [`Handle`] tells |
//! | [`config`] | what a [`Builder`] takes: limits, grants, instances, compression, the cluster |
//! | [`api`] | the API by which other processes see and change a running server |
//! | [`guest`] | what a component exports and imports |
//!
//! A reading order of the source: `server` accepts connections through `front`, which gives each to a `shard`. The shard's
//! `room_loop` calls the handlers of an `app`, which is a `guest` (Wasm) or `native`. The effects of a handler wait in the
//! `room` until it returns. ARCHITECTURE.md has a section on the way of a message and its two hops.

pub mod api;
pub mod app;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench_support;
mod builder;
mod bus;
mod close;
mod cluster;
mod cluster_settings;
pub mod config;
mod countdown;
mod data;
mod error;
mod fetch;
// For the command `ws-host`, which reads such files too.
#[doc(hidden)]
pub mod file;
mod front;
pub mod guest;
mod handle;
mod inventory;
mod limit_error;
mod limits;
mod listen;
mod live;
mod memory;
// For the command `ws-host`, which writes such texts too.
#[doc(hidden)]
pub mod log;
mod metrics;
mod native;
mod path;
mod refusal;
mod requests;
mod room;
// For the command `ws-host`, which reads components too.
#[doc(hidden)]
pub mod sections;
mod server;
mod shard;
mod socket_file;
mod status;
// For the command `ws-host`, whose `data` reads and writes it too.
#[doc(hidden)]
pub mod store;
mod succession;
mod swap;
mod trace;
mod types;

use ws_protocol as protocol;

pub use app::App;
pub use builder::Builder;
pub use error::Error;
pub use handle::Handle;
pub use room::Room;
pub use server::Server;
