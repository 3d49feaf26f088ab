//! Write the application of a ws-host WebSocket server in Rust.
//!
//! A whole chat:
//!
//! ```no_run
//! use ws_guest::{App, Client, ClientId, Message, broadcast};
//!
//! #[derive(Default)]
//! struct Chat;
//!
//! impl App for Chat {
//!     fn on_new_client(&mut self, client: Client) {
//!         broadcast(format!("{} has joined", client.id)).ok();
//!     }
//!     fn on_message(&mut self, _from: ClientId, message: Message) {
//!         broadcast(message).ok();
//!     }
//! }
//!
//! ws_guest::export!(Chat);
//! ```
//!
//! With `crate-type = ["cdylib"]`, `cargo build --release --target wasm32-wasip2` makes a component of it, and
//! `ws-host run` serves that.
//!
//! To read it in order: [`App`] is what you implement, [`export!`] makes it the component, [`send`], [`broadcast`] and
//! the other functions are what a handler can do, [`topics`] groups clients, [`control`] sets timers. [`Gate`],
//! [`Lifecycle`], [`Flow`] and [`Timers`] are further traits that an application may implement.
//!
//! What a handler does takes effect when it returns, all of it or, if it panics, nothing. Payloads are borrowed from
//! where they lie, never copied in the guest: see [`AsMessage`]. `println!` and `eprintln!` go to the host's log.
//!
//! Outside a component there is no host: the functions of this crate then abort the process. Keep what you want to
//! unit-test free of them.

// The only place with unsafe code, all of it generated; its docs are those of the WIT where that has any.
#[allow(unsafe_code, missing_docs, unreachable_pub)]
mod bindings;

mod app;
mod clients;
pub mod control;
mod export;
mod message;
pub mod topics;

pub use app::{App, Decision, Flow, Gate, Lifecycle, Rejection, Request, Saved, StartReason, Timers};
pub use clients::{
    Address, AttachmentError, Client, ClientId, CloseCause, CloseError, CloseInfo, SendError, SendStatus, attachment, broadcast,
    broadcast_except, buffered_amount, client, clients, close, count, send, set_attachment,
};
pub use control::TimerId;
pub use message::{AsMessage, Message, MessageRef};

/// The README's examples are tested as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What the expansion of [`export!`] needs. No part of the API.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::{app, flow, gate, lifecycle, timers};
    pub use crate::export::Instance;
}
