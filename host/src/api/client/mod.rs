//! The side of the API that asks, by the admin socket.
//!
//! | file | owns |
//! | --- | --- |
//! | `request` | a request, as its caller says it |
//! | `failure` | why there is no answer |
//! | `exchange` | the connection, and the checks of trust before it |
//! | `takeover` | the request of a new process to take over |

mod exchange;
mod failure;
mod request;
mod takeover;

pub use failure::Failure;
pub use request::Request;
pub use takeover::take_over;
