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
//! With `crate-type = ["cdylib"]`, `cargo build --release --target wasm32-wasip2` builds the component, and
//! `ws-host run` serves it.
//!
//! Reading order: you implement [`App`], and [`export!`] makes it the component. Handlers call [`send`], [`broadcast`]
//! and the other functions; [`topics`] groups clients, [`control`] sets timers,
//! [`store`] keeps data, [`http`] sends requests, [`task`] awaits their answers, [`rooms`] sends messages to other rooms,
//! [`requests`] answers plain HTTP requests. [`Gate`], [`Lifecycle`], [`Flow`], [`Presence`], [`Timers`], [`Responses`], [`Events`] and [`Requests`] are
//! optional traits.
//!
//! A handler's effects take place when it returns: all of them or, if it panics, none. Payloads are borrowed, never
//! copied in the guest: see [`AsMessage`]. `println!` and `eprintln!` go to the host's log.
//!
//! Outside a component the functions of this crate act on a room that stands in for the host, so that `cargo test` runs handlers: see
//! `testing`.

// The only unsafe code, all of it generated. Its docs come from the WIT, where an item has any.
#[allow(unsafe_code, missing_docs, unreachable_pub)]
mod bindings;

mod app;
mod clients;
pub mod control;
mod export;
#[cfg(not(target_family = "wasm"))]
mod fake;
pub mod http;
mod message;
pub mod requests;
pub mod rooms;
pub mod store;
pub mod task;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod topics;

pub use app::{
    Acceptance, App, Decision, Events, Flow, Gate, Lifecycle, Presence, Refusal, Rejection, Request, Requests, Responses, Saved,
    StartReason, Timers,
};
pub use clients::{
    Address, AttachmentError, Client, ClientId, CloseCause, CloseError, CloseInfo, SendError, SendStatus, attachment, broadcast,
    broadcast_except, buffered_amount, client, clients, clients_of_user, close, count, is_online, send, set_attachment,
};
pub use control::TimerId;
pub use message::{AsMessage, Message, MessageRef};

/// Runs the README's examples as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Items that the expansion of [`export!`] needs. Not part of the API.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::{app, events, flow, gate, lifecycle, presence, requests, responses, timers};
    pub use crate::export::Instance;
    pub use crate::task::Access;
}
