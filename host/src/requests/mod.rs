//! Plain HTTP requests to apps, and the way of their answers.
//!
//! | file | owns |
//! | --- | --- |
//! | `request` | a request as the app sees it |
//! | `head` | the status and the headers of an answer, and their rules |
//! | `refused` | why an answer was not accepted |
//! | `way` | an answer on its way from its room to the connection of the client |
//! | `ends` | who holds which end of that way |

mod ends;
mod head;
mod refused;
mod request;
#[cfg(test)]
mod tests;
mod way;

pub use ends::{Answering, Receiver, Watch, way};
pub(crate) use head::MAX_HEAD_BYTES;
pub use head::{CheckedHead, Head};
pub use refused::RespondError;
pub use request::IncomingRequest;
pub use way::{Answer, Cut, Event, HostAnswer};
