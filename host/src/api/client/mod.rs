//! The side of the API that asks, by the admin socket.
//!
//! | file | owns |
//! | --- | --- |
//! | `request` | a request, as its caller says it |
//! | `failure` | why there is no answer |
//! | `exchange` | the connection, and the checks of trust before it |

mod exchange;
mod failure;
mod request;

pub use failure::Failure;
pub use request::Request;
