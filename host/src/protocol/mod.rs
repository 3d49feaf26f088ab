//! The WebSocket protocol of RFC 6455, the server's side, without any I/O.
//!
//! Bytes go in and events come out ([`Session`]); answers are formatted into buffers that the caller owns
//! ([`write_message`] and its neighbours). Nothing in here spawns, awaits, reads a clock or touches a
//! socket, so each rule is tested with neither sockets nor sleeps.
//!
//! | file | owns |
//! | --- | --- |
//! | `session` | what one connection has received so far |
//! | `frame` | one frame's header and the rules that it must keep |
//! | `assembly` | one message that arrives in pieces |
//! | `utf8` | text that arrives in pieces |
//! | `mask` | unmasking |
//! | `violation` | the rules that a client can break |
//! | `close` | the table from cause to close code |
//! | `encode` | frames to the client |
//!
//! Frame headers are parsed and formatted by tungstenite's `FrameHeader`. The session rules are ours, because
//! tungstenite gives each connection a read buffer of its own, copies each broadcast and notices invalid
//! text late.

mod assembly;
mod close;
mod encode;
mod frame;
mod mask;
mod session;
mod utf8;
mod violation;

#[cfg(test)]
mod tests;

pub use close::{CloseFrame, MAX_REASON, may_send};
pub use encode::{message_len, write_close, write_message, write_ping, write_pong};
pub use session::{Incoming, Session};
pub use violation::Violation;
