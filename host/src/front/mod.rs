//! The front door: what happens to a connection before it belongs to a room.
//!
//! accept -> HTTP request -> the rules of the upgrade and of admission -> the app's gate -> hand-over to the shard.
//!
//! | file | owns |
//! | --- | --- |
//! | `listen` | the listening socket |
//! | `accept` | the loop that accepts |
//! | `pace` | how fast it does so |
//! | `places` | how many connections there can be, in all and from one address |
//! | `serve` | one connection up to its hand-over |
//! | `linger` | the end of one that is refused |
//! | `forwarded` | who a request is from when a proxy passes it on |
//! | `proxy_protocol` | the same, said in front of the request |
//! | `seldom` | log lines that strangers can bring about |
//! | `accept` | the loop that accepts, and the hand-over |
//! | `stream` | a connection with or without TLS, to its hand-over |
//! | `tls` | what new TLS connections are served with |
//! | `certificate` | a certificate and its key, read and checked |
//! | `self_signed` | a certificate that is made for one run |
//! | `page` | the page, and the notice that it shows |
//! | `request` | one HTTP request: a page, a refusal or an upgrade |
//! | `upgrade` | the rules of the opening handshake, without I/O |
//! | `extensions` | what is agreed on compression |
//! | `origin` | whose pages may connect |
//! | `router` | which room a request is for |
//! | `reply` | HTTP answers |

mod accept;
mod certificate;
mod extensions;
mod forwarded;
mod linger;
mod listen;
mod origin;
mod pace;
mod page;
mod places;
mod proxy_protocol;
mod reply;
mod request;
mod router;
mod seldom;
#[cfg(feature = "self-signed")]
mod self_signed;
mod serve;
mod stream;
mod tls;
mod upgrade;

pub use accept::Front;
pub use forwarded::Proxies;
pub use listen::listen;
pub use origin::OriginPolicy;
pub use page::{Notice, Page};
pub use router::{Pattern, Router, SHARED_ROOM};
pub use tls::Tls;
