//! `ws-host bench`: loads a WebSocket server and measures it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use ws_host_load::Options;

use crate::output::print_lines;
use crate::units;

/// The largest message that the load generator sends.
const MAX_SIZE: usize = 64 << 20;

/// `ws-host bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// The server: ws://host:port/path, or wss:// with TLS; with --rooms, {room} in it becomes a number
    pub url: String,
    /// The kind of load
    #[arg(long, value_enum, default_value_t = Mode::Echo, value_name = "MODE")]
    pub mode: Mode,
    /// The number of connections
    #[arg(long, short, default_value_t = 100, value_parser = units::number::<usize>, value_name = "N")]
    pub connections: usize,
    /// Messages (with --mode connect: connections) per second in total [default: as fast as answers come]
    #[arg(long, short, value_name = "N")]
    pub rate: Option<f64>,
    /// Without --rate: unanswered messages of each connection (in fan-out: of a room's sender)
    #[arg(long, default_value_t = 1, value_parser = units::number::<usize>, value_name = "N")]
    pub in_flight: usize,
    /// The size of a message's payload
    #[arg(long, short, default_value = "20", value_parser = units::size, value_name = "SIZE")]
    pub size: usize,
    /// Send text messages [the default]
    #[arg(long, conflicts_with = "binary")]
    pub text: bool,
    /// Send binary messages
    #[arg(long)]
    pub binary: bool,
    /// With --mode fan-out: the number of senders in each room; 0 means all members
    #[arg(long, default_value_t = 1, value_parser = units::number::<usize>, value_name = "N")]
    pub senders: usize,
    /// The number of rooms over which the connections are spread, by {room} in the URL
    #[arg(long, default_value_t = 1, value_parser = units::number::<usize>, value_name = "N")]
    pub rooms: usize,
    /// Offer permessage-deflate, and send compressed messages if the server agrees
    #[arg(long)]
    pub compression: bool,
    /// Open the connections evenly over this time [default: as fast as the server takes them]
    #[arg(long, default_value = "0s", value_parser = units::duration, value_name = "TIME")]
    pub ramp: Duration,
    /// The time under load before the measurement begins
    #[arg(long, default_value = "1s", value_parser = units::duration, value_name = "TIME")]
    pub warm_up: Duration,
    /// The time of the measurement
    #[arg(long, short, default_value = "10s", value_parser = units::duration, value_name = "TIME")]
    pub duration: Duration,
    /// With wss://: trust the certificates in this PEM file in place of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,
    /// With wss://: accept any certificate
    #[arg(long)]
    pub insecure: bool,
    /// Report the CPU time and memory of this process and its children, a server on this machine
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,
    /// Write JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// The kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Each message comes back to its sender
    Echo,
    /// Some members of a room send, and all of them receive, the sender included
    FanOut,
    /// Connections open and close; with wss:// each has a full handshake, because no TLS session is resumed
    Connect,
    /// Connections stay open and silent
    Idle,
}

/// Loads the server and prints the report.
///
/// # Errors
/// The arguments contradict each other, or the server cannot be reached or measured.
pub fn bench(arguments: BenchArguments) -> anyhow::Result<()> {
    arguments.check()?;
    let json = arguments.json;
    let report = ws_host_load::run(&arguments.into()).map_err(|error| anyhow!(with_flags(&format!("{error:#}"))))?;
    let text = if json { serde_json::to_string(&report)? } else { report.in_words() };
    print_lines(&with_flags(&text))
}

/// Names the flags of the options that a text of the load generator has in backquotes.
fn with_flags(text: &str) -> String {
    let flags = ["ca", "connections", "insecure", "pid"];
    flags.iter().fold(text.to_owned(), |text, flag| text.replace(&format!("`{flag}`"), &format!("--{flag}")))
}

impl BenchArguments {
    /// Refuses arguments that contradict each other.
    fn check(&self) -> anyhow::Result<()> {
        if self.connections == 0 || self.rooms == 0 || self.in_flight == 0 {
            bail!("--connections, --rooms and --in-flight must be 1 or more");
        }
        if self.rooms > self.connections {
            bail!("{} rooms are more than {} connections: each room needs at least one", self.rooms, self.connections);
        }
        if self.rooms > 1 && !self.url.contains("{room}") {
            bail!("--rooms needs {{room}} in the URL, as in ws://localhost:13254/chat/{{room}}");
        }
        if self.url.starts_with("ws://")
            && let Some(flag) = if self.insecure { Some("--insecure") } else { self.ca.as_ref().map(|_| "--ca") }
        {
            bail!("{flag} is for wss:// URLs: {} has no certificate to check", self.url);
        }
        if self.rate.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            bail!("--rate must be above 0");
        }
        if self.size > MAX_SIZE {
            bail!("--size must be at most {} MiB", MAX_SIZE >> 20);
        }
        if self.duration.is_zero() {
            bail!("--duration must be above 0");
        }
        Ok(())
    }
}

impl From<BenchArguments> for Options {
    fn from(arguments: BenchArguments) -> Self {
        Self {
            url: arguments.url,
            mode: arguments.mode.into(),
            connections: arguments.connections,
            rate: arguments.rate,
            in_flight: arguments.in_flight,
            size: arguments.size,
            binary: arguments.binary,
            senders: arguments.senders,
            rooms: arguments.rooms,
            compression: arguments.compression,
            ramp: arguments.ramp,
            warm_up: arguments.warm_up,
            duration: arguments.duration,
            ca: arguments.ca,
            insecure: arguments.insecure,
            pid: arguments.pid,
            quiet: arguments.json,
        }
    }
}

impl From<Mode> for ws_host_load::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Echo => Self::Echo,
            Mode::FanOut => Self::FanOut,
            Mode::Connect => Self::Connect,
            Mode::Idle => Self::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_load_generator_are_shown_as_flags() {
        assert_eq!(with_flags("trust it with `ca`, or raise `ulimit -n`"), "trust it with --ca, or raise `ulimit -n`");
    }
}
