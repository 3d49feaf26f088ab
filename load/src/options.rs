//! The options of a run.

use std::path::PathBuf;
use std::time::Duration;

/// The load on a server, and the form of the result.
#[derive(Debug, Clone)]
pub struct Options {
    /// `ws://host:port/path`, or `wss://` with TLS; with several rooms, `{room}` in it becomes a number.
    pub url: String,
    /// The kind of load.
    pub mode: Mode,
    /// The number of connections, at least 1.
    pub connections: usize,
    /// Messages per second in all, above 0, or connections per second in [`Mode::Connect`]. `None`: as fast as answers come.
    pub rate: Option<f64>,
    /// Without a rate: messages of one connection, or of a room's sender, that may wait for their answer. At least 1.
    pub in_flight: usize,
    /// The size of a message's payload in bytes.
    pub size: usize,
    /// Whether messages are binary.
    pub binary: bool,
    /// In [`Mode::FanOut`]: the number of members of each room that send; 0 means all of them.
    pub senders: usize,
    /// The number of rooms that the connections are spread over, at least 1.
    pub rooms: usize,
    /// Whether permessage-deflate is offered, and used if the server agrees.
    pub compression: bool,
    /// The time over which the connections are opened evenly. Zero: as fast as the server takes them.
    pub ramp: Duration,
    /// The time of load before the measurement begins.
    pub warm_up: Duration,
    /// The time of the measurement, above zero.
    pub duration: Duration,
    /// With TLS: a PEM file whose certificates are trusted in place of the system's.
    pub ca: Option<PathBuf>,
    /// With TLS: whether any certificate is accepted.
    pub insecure: bool,
    /// A server on this machine whose CPU time and memory are measured, with its children.
    pub pid: Option<u32>,
    /// Whether the progress is hidden.
    pub quiet: bool,
}

/// The kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each message comes back to its sender.
    Echo,
    /// Some clients send, and every member of their room receives, the sender too.
    FanOut,
    /// Connections open and close. Over TLS each has a full handshake, since no session is resumed.
    Connect,
    /// Connections stay open and silent.
    Idle,
}

impl Mode {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::FanOut => "fan-out",
            Self::Connect => "connect",
            Self::Idle => "idle",
        }
    }
}

impl Options {
    /// An echo of 20 bytes over 100 connections for ten seconds, after one of warming up.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            mode: Mode::Echo,
            connections: 100,
            rate: None,
            in_flight: 1,
            size: 20,
            binary: false,
            senders: 1,
            rooms: 1,
            compression: false,
            ramp: Duration::ZERO,
            warm_up: Duration::from_secs(1),
            duration: Duration::from_secs(10),
            ca: None,
            insecure: false,
            pid: None,
            quiet: false,
        }
    }
}
