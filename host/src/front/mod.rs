//! The front door: what happens to a connection before it belongs to a room.
//!
//! accept -> HTTP request -> the rules of the upgrade and of admission -> the app's gate -> hand-over to the shard.
//!
//! | file | owns |
//! | --- | --- |
//! | `listen` | the listening socket |
//! | `accept` | the loop that accepts, and the hand-over |
//! | `page` | the page, and the notice that it shows |
//! | `request` | one HTTP request: a page, a refusal or an upgrade |
//! | `upgrade` | the rules of the opening handshake, without I/O |
//! | `extensions` | what is agreed on compression |
//! | `origin` | whose pages may connect |
//! | `router` | which room a request is for |
//! | `reply` | HTTP answers |

mod accept;
mod extensions;
mod listen;
mod origin;
mod page;
mod reply;
mod request;
mod router;
mod upgrade;

pub use accept::{Front, default_max_connections};
pub use listen::listen;
pub use origin::OriginPolicy;
pub use page::{Notice, Page};
pub use router::{Pattern, Router, SHARED_ROOM};
