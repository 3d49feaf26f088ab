//! The WebSocket protocol of RFC 6455 and permessage-deflate of RFC 7692, the server's side, without any I/O.
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
//! | `text` | bytes to text |
//! | `utf8` | text that arrives in pieces |
//! | `message` | a whole message |
//! | `mask` | unmasking |
//! | `violation` | the rules that a client can break |
//! | `close` | close codes, reasons and frames |
//! | `closing` | the closing handshake |
//! | `encode` | frames to the client |
//! | `deflate` | compressed frames to the client, and what was agreed on |
//! | `inflate` | compressed messages from the client |
//!
//! Frame headers are parsed and formatted by tungstenite's `FrameHeader`. The session rules are ours, because
//! tungstenite gives each connection a read buffer of its own, copies each broadcast and notices invalid
//! text late.

mod assembly;
mod close;
mod closing;
mod deflate;
mod encode;
mod frame;
mod inflate;
mod mask;
mod message;
mod session;
mod text;
mod utf8;
mod violation;

#[cfg(test)]
mod tests;

pub use close::{ABNORMAL, CloseFrame, MAX_REASON, NO_STATUS, cut_reason, may_send};
pub use closing::{Action, Closing};
pub use deflate::{Agreement, Deflater, Deflaters};
pub use encode::{message_len, read_message, write_close, write_message, write_ping, write_pong};
pub use inflate::{Inflaters, Inflation};
pub use message::Message;
pub use session::{Incoming, Session};
pub use violation::Violation;
