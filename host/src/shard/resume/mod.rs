//! Sessions of clients, which outlive their lines (`docs/resume.md`).
//!
//! | file | owns |
//! | --- | --- |
//! | `kept` | the session of one client |
//! | `sessions` | the sessions of a shard |
//! | `away` | the clients of a shard that have no line |
//! | `ended` | why the last sessions have ended |
//! | `handle` | the names of sessions |
//! | `elsewhere` | sessions that other nodes of a cluster have |

mod away;
mod elsewhere;
mod ended;
mod handle;
mod kept;
mod sessions;

pub use elsewhere::{Departure, Peers};
pub use handle::{Claim, Foreign};
pub use kept::KeptSession;
pub use sessions::Sessions;
