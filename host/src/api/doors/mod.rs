//! The ways into the API.
//!
//! | file | owns |
//! | --- | --- |
//! | `unix` | the admin socket |
//! | `default_socket` | its path by the server's port |
//! | `succession` | how a server that shuts down leaves it to the next one |
//! | `accepting` | the loop that accepts connections |
//! | `connection` | one connection |

mod accepting;
mod connection;
mod default_socket;
mod succession;
mod unix;

pub use default_socket::default_socket;
pub use unix::AdminSocket;
