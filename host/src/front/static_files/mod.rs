//! The files of a folder, as answers to plain requests.
//!
//! | file | owns |
//! | --- | --- |
//! | `name` | which paths may name a file |
//! | `folder` | the way into the folder, and none out of it |
//! | `files` | the answer with one file |
//! | `endpoint` | the endpoint of existing files, and the one of their fallback |
//! | `live` | the script that a development server adds to pages |

mod endpoint;
mod files;
mod folder;
mod live;
mod name;

pub use endpoint::{StaticFallback, StaticFiles};
pub use files::Files;
pub use live::LiveScript;
