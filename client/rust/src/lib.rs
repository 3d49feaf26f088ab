//! A WebSocket client that comes back.
//!
//! When its connection breaks, a [`Socket`] makes another one. With [ws-host](https://crates.io/crates/ws-host-cli) its session goes on: each
//! message arrives once and in order, in both directions. With any other server it reconnects, and tells what may be lost.
//!
//! ```no_run
//! use ws_host_client::{Event, Socket};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut socket = Socket::connect("wss://chat.example/room")?;
//! socket.send("hello").await?; // also before it is online, and while it is away
//! while let Some(event) = socket.next().await {
//!     match event {
//!         Event::Message(message) => println!("{:?}", message.as_text()),
//!         Event::Status(status) => println!("{status:?}"),
//!         Event::Fresh { reason, unknown } => println!("{reason:?}: {} messages may be lost", unknown.len()),
//!         Event::Closed(closed) => println!("{closed}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A *line* is one WebSocket connection. The protocol of sessions is `docs/resume.md` in the repository of ws-host; its rules without I/O
//! are [`ws_protocol::resume::ClientSession`].
//!
//! | file | owns |
//! | --- | --- |
//! | `socket` | the socket, and the sender that can be cloned |
//! | `options` | the options of a socket |
//! | `address` | where to connect, with the session's name in the query |
//! | `event` | the events that the application hears |
//! | `inbox` | events that wait for the application |
//! | `driver` | the task: one line after the other |
//! | `serve` | the service of one line |
//! | `line` | one connection, its reading and its writing |
//! | `talk` | the messages over lines, with and without sessions |
//! | `pulse` | the times of a line: heartbeats, confirmations, deadlines |
//! | `backoff` | how long to wait before the next attempt |

mod address;
mod backoff;
mod driver;
mod event;
mod inbox;
mod line;
mod options;
mod pulse;
mod serve;
mod socket;
mod talk;

pub use address::{Address, InvalidAddress};
pub use event::{Closed, Event, Status};
pub use options::Options;
pub use socket::{SendError, Sender, Socket};
pub use tokio_tungstenite::tungstenite::client::{ClientRequestBuilder, IntoClientRequest};
pub use ws_protocol::Message;
pub use ws_protocol::resume::Fresh;
