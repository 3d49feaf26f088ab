//! The front door: what happens to a connection before it belongs to a room.
//!
//! accept -> HTTP request -> the rules of the upgrade and of admission -> the app's gate -> hand-over to the shard.
//!
//! | file | owns |
//! | --- | --- |
//! | `listen` | the listening socket |
//! | `accept` | the loop that accepts, and the hand-over |
//! | `stream` | a connection with or without TLS, to its hand-over |
//! | `tls` | what new TLS connections are served with |
//! | `certificate` | a certificate and its key, read and checked |
//! | `page` | the page, and the notice that it shows |
//! | `request` | one HTTP request: a page, a refusal or an upgrade |
//! | `upgrade` | the rules of the opening handshake, without I/O |
//! | `origin` | whose pages may connect |
//! | `router` | which room a request is for |
//! | `reply` | HTTP answers |

mod accept;
mod certificate;
mod listen;
mod origin;
mod page;
mod reply;
mod request;
mod router;
mod stream;
mod tls;
mod upgrade;

pub use accept::{Front, default_max_connections};
pub use listen::listen;
pub use origin::OriginPolicy;
pub use page::{Notice, Page};
pub use router::{Pattern, Router, SHARED_ROOM};
pub use tls::Tls;
