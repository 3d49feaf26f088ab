//! The wishes to the loop that accepts connections: its end, its sockets, its rate.

use std::io;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::given::Shared;

/// The end of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// How long connections are accepted before it begins.
    pub delay: Duration,
    /// By when it is to be over.
    pub deadline: Instant,
    /// The reason.
    pub why: Why,
}

/// Why a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its owner ends it.
    Shutdown,
    /// Another process takes its place.
    Takeover,
}

/// Where the wishes go to the loop.
#[derive(Debug)]
pub struct Reins {
    /// The end.
    pub stop: watch::Sender<Option<Stop>>,
    /// The listening sockets.
    pub sockets: mpsc::Sender<SocketsWish>,
    /// The number of connections to accept in a second.
    pub rate: watch::Sender<Option<u32>>,
}

/// Where the loop takes wishes.
#[derive(Debug)]
pub struct Wishes {
    /// The end, once it is wished for.
    pub stop: watch::Receiver<Option<Stop>>,
    /// The wishes for the listening sockets.
    pub sockets: mpsc::Receiver<SocketsWish>,
    /// The number of connections to accept in a second.
    pub rate: watch::Receiver<Option<u32>>,
}

/// The way of the listening sockets to the task that wants them.
pub type SocketsWish = oneshot::Sender<io::Result<Vec<Shared>>>;

/// Both ends, for a loop that begins with this number of connections in a second.
pub fn reins(accepts_per_second: Option<u32>) -> (Reins, Wishes) {
    let (stop, stopped) = watch::channel(None);
    // One process takes over at a time.
    let (sockets, wanted) = mpsc::channel(1);
    let (rate, rates) = watch::channel(accepts_per_second);
    (Reins { stop, sockets, rate }, Wishes { stop: stopped, sockets: wanted, rate: rates })
}
