//! The API of a served component, on the command line.
//!
//! | file | owns |
//! | --- | --- |
//! | `flags` | the flags of the TCP door |
//! | `doors` | the ways in: opened, announced, closed |

mod doors;
mod flags;

pub use doors::Doors;
pub use flags::ApiFlags;
