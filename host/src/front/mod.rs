//! The front door: the way of a connection until a shard owns it.
//!
//! accept, PROXY protocol, TLS handshake, HTTP request, the rules of the upgrade and of admission, the app's gate, hand-over to
//! the shard.
//!
//! | file | owns |
//! | --- | --- |
//! | `listen` | the listening sockets: the addresses of a host name, on one port |
//! | `unix_listener` | a Unix socket for clients |
//! | `inherited` | the sockets that a service manager passes |
//! | `given` | the sockets that a running server hands over |
//! | `bound` | a socket that listens, of TCP or of Unix |
//! | `listener` | a listening socket, and what is spoken on its connections |
//! | `listeners` | these sockets as one source of connections |
//! | `spans` | the spans of requests |
//! | `source` | where a connection comes from |
//! | `accept` | the loop that accepts connections |
//! | `wishes` | the wishes to that loop: its end, its sockets, its rate |
//! | `accept_rate` | how fast it does so |
//! | `descriptors` | the process's file descriptors, and how many connections they allow |
//! | `handshake` | one connection, up to its hand-over |
//! | `proxy_protocol` | the client's address in front of the first byte |
//! | `transport` | a socket, with or without TLS, up to its hand-over |
//! | `tls` | the certificate for new TLS connections |
//! | `by_name` | the certificate for the name that a client asks for |
//! | `certificate` | a certificate and its key, read and checked |
//! | `client_certificate` | the certificates that clients show |
//! | `self_signed` | a certificate that is made for one run |
//! | `progress` | how far the requests of a connection are |
//! | `tap` | a look at a connection while a room answers |
//! | `deadline` | the time that a connection has until its upgrade |
//! | `http` | the requests of one connection, one after the other |
//! | `redirect` | requests that are sent on to `https://` |
//! | `request` | one HTTP request: an upgrade, its refusal, or a plain request |
//! | `join` | the next step of a connection once its 101 is written |
//! | `setup` | the parts that the builder makes a front door of |
//! | `policy` | the rules that the builder sets for all connections |
//! | `upgrade` | the rules of the opening handshake, without I/O |
//! | `host_header` | the rules for the `Host` of every request |
//! | `origin` | the origins whose pages may connect |
//! | `gate` | the rules of a gate's decision |
//! | `forwarded` | the client's address in a proxy's `X-Forwarded-For` |
//! | `extensions` | the agreement on compression |
//! | `let_in` | a client that its room has let in and waits for |
//! | `client_ids` | the next client id, out of blocks that are reserved |
//! | `arrivals` | the ids of clients, in the order of their hand-over |
//! | `authority` | a host and its port |
//! | `admission` | whether there is room for another connection or client |
//! | `permits` | the number of connections, in all and for each address |
//! | `resume_query` | how a client asks for a session |
//! | `router` | which room a request is for, and where the room is |
//! | `endpoints` | the table of what answers plain requests |
//! | `app_endpoint` | plain requests to the rooms of an app that answers them |
//! | `bodies` | the bodies of such requests |
//! | `html` | the headers of a page that the host has with it |
//! | `page` | the chat page |
//! | `static_files/` | the files of a folder in place of it |
//! | `notice` | the text and the state that pages show |
//! | `notice_endpoint` | where they ask for it |
//! | `reply`, `reply_body` | HTTP replies, and their bodies |
//! | `file_body` | the body of a reply with a file |
//! | `door` | the counters of the front door |
//! | `discard` | the end of a refused connection |

mod accept;
mod accept_rate;
mod admission;
mod app_endpoint;
mod arrivals;
mod authority;
mod bodies;
mod bound;
mod by_name;
mod certificate;
mod client_certificate;
mod client_ids;
mod deadline;
mod descriptors;
mod discard;
mod door;
mod endpoints;
mod extensions;
mod file_body;
mod forwarded;
mod gate;
mod given;
mod handshake;
mod host_header;
mod html;
mod http;
mod inherited;
mod join;
mod let_in;
mod listen;
mod listener;
mod listeners;
mod notice;
mod notice_endpoint;
mod origin;
mod page;
mod permits;
mod policy;
mod progress;
mod proxy_protocol;
mod redirect;
mod reply;
mod reply_body;
mod request;
mod resume_query;
mod router;
#[cfg(feature = "self-signed")]
mod self_signed;
mod setup;
mod source;
mod spans;
mod static_files;
mod tap;
mod tls;
mod transport;
mod unix_listener;
mod upgrade;
mod wishes;

pub use accept::Front;
pub use admission::Admission;
pub use app_endpoint::AppEndpoint;
pub use authority::Authority;
pub use descriptors::most_connections;
pub use door::{DoorNumbers, DoorTally};
pub use endpoints::Endpoints;
pub use forwarded::Proxies;
pub use given::{About, Given, Part, Shared};
pub use html::page_headers;
pub use listen::listen_or_take;
pub use listener::Listener;
pub use listeners::Listeners;
pub use notice::Notice;
pub use notice_endpoint::NoticeEndpoint;
pub use origin::OriginPolicy;
pub use page::Page;
pub use permits::Permits;
pub use policy::{Policy, Rules};
pub use router::{Pattern, Router, SHARED_ROOM, names};
pub use setup::Setup;
pub use static_files::{Files, LiveScript, StaticFallback, StaticFiles};
pub use tls::Tls;
pub use transport::Transport;
pub use wishes::{Reins, Stop, Why, Wishes, reins};
