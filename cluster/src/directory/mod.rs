//! The durable rooms of a cluster: which there are, and which node opens one that nobody has open.
//!
//! Each durable room has one record in here, whatever its chain holds. Its owner publishes it before the room's first commit, when durable
//! timers begin to exist, and when it gives the room up: not with each commit.
//!
//! | file | owns |
//! | --- | --- |
//! | `record` | the record of a room |
//! | `rooms` | the last records of all |
//! | `waking` | which node opens a room |
//! | `existence` | whether a room exists |

mod existence;
mod record;
mod rooms;
mod waking;

pub use existence::exists;
pub use record::{KnownRecord, Wake};
pub use rooms::{Directory, Due};
pub use waking::{Waking, rank};
