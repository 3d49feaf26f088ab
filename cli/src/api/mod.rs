//! The API of a served component, on the command line.
//!
//! | file | owns |
//! | --- | --- |
//! | `flags` | the flags of the TCP door |
//! | `doors` | the ways in: opened, announced, closed |
//! | `tokens` | the file of tokens, read again when it changes |

mod doors;
mod flags;
mod tokens;

pub use doors::Doors;
pub use flags::ApiFlags;
