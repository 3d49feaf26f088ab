//! The takeover of a running server by a new process, without a moment in which nobody listens.
//!
//! The new process asks by the admin socket, and gets the listening sockets over the same connection (unix(7), SCM_RIGHTS). From then on,
//! both processes have them, and a connection waits in the kernel until one of the two accepts it.
//!
//! **Two steps.** The new process gets everything ready and says `ready`; the old one answers `yours`. The new process accepts and says
//! `serving`, and only then does the old one stop. Until then a failure of the new process changes nothing: its end of the connection closes, and the old
//! process goes on.
//!
//! **A data folder** has one process at a time. If both have the same one, the old process ends its service between `ready` and `yours`: it stops accepting,
//! keeps the states of its rooms, closes its clients and the database. Newcomers wait in the kernel meanwhile. If the new process fails
//! after that, the old one serves again by the same sockets, with its release and its settings (`Taking::back`).
//!
//! | message | from | says |
//! | --- | --- | --- |
//! | `sockets` | the old process | the listening sockets, each with its descriptor, and the data folder |
//! | `ready` | the new one | it could serve, would listen on these sockets, and needs the data folder or not |
//! | `yours` | the old one | begin |
//! | `serving` | the new one | it accepts connections |
//! | `left` | the old one | it accepts none any more, and the new process is the service |
//! | `failed` | the new one | it gives up |
//!
//! Each side ignores messages that it does not know, so a later version can add some: open connections, for example, can follow `serving`.
//!
//! | file | owns |
//! | --- | --- |
//! | `messages` | the messages |
//! | `wire` | messages and descriptors on a Unix socket |
//! | `course` | the rules of the old process |
//! | `peer` | the check that each side makes of the other |
//! | `give` | the old process |
//! | `take` | the new process |

mod course;
mod give;
mod messages;
mod peer;
mod take;
#[cfg(test)]
mod tests;
mod wire;

/// The way to a takeover. It is between servers, so the document does not describe it.
pub(crate) const PATH: &str = "/v1/takeover";
/// Its protocol (RFC 9110 §7.8).
pub(crate) const PROTOCOL: &str = "ws-host-takeover";

pub use crate::succession::{Succession, Successor, UnderWay};
pub use give::give;
pub(crate) use peer::check as check_peer;
pub use take::Taking;
