//! The messages of a takeover.

use serde::{Deserialize, Serialize};

use crate::front::About;
use crate::socket_file::FileId;

/// A message of the old process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "kebab-case")]
pub enum FromOld {
    /// Some of the listening sockets, in the order of the message's descriptors. The last such message says so.
    Sockets {
        /// The sockets.
        sockets: Vec<About>,
        /// The data folder, if the server has one.
        data: Option<FileId>,
        /// Whether there are more.
        more: bool,
    },
    /// Begin.
    Yours,
    /// The old process accepts no connection any more.
    Left,
    /// A message of a later version.
    #[serde(other)]
    Unknown,
}

/// A message of the new process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "kebab-case")]
pub enum FromNew {
    /// It could serve.
    Ready {
        /// The sockets that it would listen on, counted from 0.
        takes: Vec<usize>,
        /// Whether it needs the data folder of the old process.
        needs_data: bool,
    },
    /// It accepts connections.
    Serving,
    /// It gives up, for this reason.
    Failed {
        /// The reason, in one line.
        reason: String,
    },
    /// A message of a later version.
    #[serde(other)]
    Unknown,
}
