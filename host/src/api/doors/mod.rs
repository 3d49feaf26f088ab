//! The ways into the API.
//!
//! | file | owns |
//! | --- | --- |
//! | `unix` | the admin socket |
//! | `default_socket` | its path by the server's port |
//! | `succession` | how a server leaves it, or its whole place, to the next one |
//! | `tcp`, `settings` | the door with tokens, and its settings |
//! | `tokens` | names, rights and secrets |
//! | `holders` | the callers with tokens, and when their requests are paid for |
//! | `token_file` | the file of tokens, to be read again |
//! | `checks` | the checks of a request at that door: host, token, rate |
//! | `guesses`, `pace` | failed tokens by address; a rate |
//! | `cors` | pages of other origins |
//! | `health` | the door for metrics and probes alone |
//! | `accepting` | the loop that accepts connections |
//! | `connection` | one connection |

mod accepting;
mod checks;
mod connection;
mod cors;
mod default_socket;
mod guesses;
mod health;
mod holders;
mod pace;
mod settings;
mod succession;
mod tcp;
#[cfg(test)]
mod tests;
mod token_file;
mod tokens;
mod unix;

pub use default_socket::default_socket;
pub use health::HealthDoor;
pub use settings::TcpSettings;
pub use tcp::TcpDoor;
pub use token_file::TokenFile;
pub use unix::AdminSocket;
