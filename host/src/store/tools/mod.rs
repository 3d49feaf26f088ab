//! The database of a data folder as the commands of `ws-host data` use it.
//!
//! | file | owns |
//! | --- | --- |
//! | `archive` | reading, also while a server runs |
//! | `editor` | writing, while no server runs |
//! | `record` | a line of an export |
//! | `audit` | the rules that each database keeps |

mod archive;
mod audit;
mod editor;
mod record;

pub use archive::{Archive, RoomInfo};
pub use editor::{Editor, ImportError};
pub use record::{Record, RecordError};

#[cfg(test)]
pub(super) use audit::problems;
