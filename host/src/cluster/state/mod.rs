//! The durable state of a cluster's room in memory, as the room's records leave it. Nothing in here does I/O.
//!
//! The owner of a room folds its records into a [`RoomState`], and has each turn's writes in there at once, and in the next record.
//!
//! | file | owns |
//! | --- | --- |
//! | `room_state` | the state of one room |
//! | `apply` | the effect of a change |
//! | `reading` | reads |
//! | `journal` | the records of rooms as their journal |
//! | `chain` | one room's part of it |
//! | `encoding` | the items of its records |
//! | `change` | the encoding of one change |
//! | `growth` | when its whole state is due |
//! | `marks` | which messages of other rooms it has handled |
//! | `error` | why records cannot be read |

mod apply;
mod chain;
mod change;
mod encoding;
mod error;
mod growth;
mod journal;
mod marks;
mod reading;
mod room_state;
#[cfg(test)]
mod tests;

pub use chain::{Chain, Knows, TurnWrites};
#[cfg(test)]
pub use encoding::decode_writes;
pub use encoding::encode_writes;
pub use journal::ChainJournal;
pub use marks::Marks;
pub use room_state::RoomState;
