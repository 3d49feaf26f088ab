//! The WebSocket protocol of RFC 6455 and permessage-deflate of RFC 7692 without I/O, for servers and clients.
//!
//! A [`Session`] takes the bytes of one connection and returns [`Incoming`] events. The `write_*` functions append frames to a
//! buffer of the caller. Nothing here spawns, awaits, reads a clock or touches a socket, so it serves blocking and async
//! programs alike, and its rules are tested with neither sockets nor sleeps.
//!
//! ```
//! use bytes::BytesMut;
//! use ws_protocol::{Incoming, Session, write_masked, write_message};
//!
//! // A client masks what it sends.
//! let mut frame = Vec::new();
//! write_message(&mut frame, true, b"hello");
//! let mut wire = Vec::new();
//! write_masked(&mut wire, &frame, [1, 2, 3, 4]);
//!
//! // The server reads it, in as many pieces as it comes in.
//! let mut server = Session::new(64 << 10);
//! let mut input = BytesMut::from(&wire[..4]);
//! assert_eq!(server.receive(&mut input), Ok(None));
//! let mut input = BytesMut::from(&wire[4..]);
//! assert_eq!(server.receive(&mut input), Ok(Some(Incoming::Message("hello".into()))));
//! ```
//!
//! It has some features that [tungstenite](https://docs.rs/tungstenite) lacks:
//!
//! - **Compression.** permessage-deflate with and without context takeover. [`Inflaters`] lends its streams, so a connection
//!   between two messages holds none, and [`Deflater`] compresses a broadcast once for all receivers.
//! - **Early refusal.** Invalid text ends a session at its first wrong byte, and a message that is too large at its header. A
//!   compressed one is checked against the limit while it is inflated.
//! - **Idle connections cost nothing.** A session between two messages is a few words without anything on the heap. The caller
//!   owns the read buffer, and all connections of a thread can share one.
//! - **No copies.** A message that arrives whole is split off the read buffer. A frame for many receivers is encoded once.
//!
//! It leaves HTTP to others: [`accept_key`] and [`ClientHandshake`] are all that it has of the opening handshake. Frame headers
//! are parsed and formatted by tungstenite's `FrameHeader`.
//!
//! | file | owns |
//! | --- | --- |
//! | `session` | the receiving half of one connection |
//! | `frame` | one frame's header and the rules for it |
//! | `assembly` | one message that arrives in pieces |
//! | `message` | one whole message |
//! | `utf8` | text that arrives in pieces |
//! | `mask` | masking and unmasking |
//! | `violation` | the rules that the other side can break |
//! | `close` | close codes, reasons and frames |
//! | `closing` | the closing handshake |
//! | `encode` | frames as bytes |
//! | `handshake` | the accept key, and a client's part of the opening handshake |
//! | `deflate` | compressed frames, and the agreement on compression |
//! | `inflate` | compressed messages |
//! | `unchecked` | bytes to text, and reads into free memory |
//! | [`resume`] | sessions that outlive their connections |

mod assembly;
mod close;
mod closing;
mod deflate;
mod encode;
mod frame;
mod handshake;
mod inflate;
mod mask;
mod message;
pub mod resume;
mod session;
mod unchecked;
mod utf8;
mod violation;

#[cfg(test)]
mod tests;

pub use close::{ABNORMAL, CloseFrame, MAX_REASON, NO_STATUS, cut_reason, may_send};
pub use closing::{Action, Closing};
pub use deflate::{Agreement, Deflater, Deflaters};
pub use encode::{message_len, read_message, write_close, write_masked, write_message, write_ping, write_pong};
pub use handshake::{ClientHandshake, HandshakeError, Welcome, accept_key};
pub use inflate::{Inflaters, Inflation};
pub use message::Message;
pub use session::{Incoming, Session};
pub use unchecked::fill;
pub use violation::Violation;
