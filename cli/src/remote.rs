//! `ws-host swap`, `rollback` and `status`: requests to a running server.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use ws_host::api::{Failure, ReleaseInfo, Request, Status, SwapReport, default_socket};
use ws_host::log::printable;

use crate::json;
use crate::output::print_lines;

/// `ws-host swap`.
#[derive(Debug, Args)]
pub struct SwapArguments {
    /// The new component
    pub file: PathBuf,
    /// The change.
    #[command(flatten)]
    pub change: ChangeArguments,
}

/// `ws-host rollback`, and the options that `swap` shares with it.
#[derive(Debug, Args)]
pub struct ChangeArguments {
    /// Do not ask the running component for its state: the other one starts without it
    #[arg(long)]
    pub discard_state: bool,
    /// The running server.
    #[command(flatten)]
    pub remote: Remote,
}

/// A running server, and the form of its answer.
#[derive(Debug, Args)]
pub struct Remote {
    /// The port of the running server
    #[arg(long, short, default_value_t = 13254, value_parser = crate::units::port)]
    pub port: u16,
    /// The server's admin socket [default: in the user's runtime folder, by port]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// The running server's refusal. It leads to exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// Swaps a running server to another component and prints the report.
///
/// # Errors
/// No server answers, or it refuses: then the error is [`Refused`].
pub fn swap(arguments: &SwapArguments) -> anyhow::Result<()> {
    // The path becomes absolute, because the server has its own working directory.
    let file = std::path::absolute(&arguments.file).with_context(|| format!("cannot find {}", arguments.file.display()))?;
    changed(&arguments.change, Request::post(["swap"]).json(&json!({ "path": file })))
}

/// Swaps a running server back to its previous component and prints the report.
///
/// # Errors
/// As for [`swap`].
pub fn rollback(arguments: &ChangeArguments) -> anyhow::Result<()> {
    changed(arguments, Request::post(["rollback"]))
}

/// Prints the running release and the server's counts.
///
/// # Errors
/// As for [`swap`].
pub fn status(remote: &Remote) -> anyhow::Result<()> {
    let status: Status = remote.ask(Request::get(["status"]))?;
    remote.show(&status, in_words)
}

fn changed(arguments: &ChangeArguments, request: Request) -> anyhow::Result<()> {
    let report: SwapReport = arguments.remote.ask(request.query("discard_state", arguments.discard_state))?;
    arguments.remote.show(&report, change_in_words)
}

impl Remote {
    /// Asks the running server.
    ///
    /// # Errors
    /// No server answers, or it refuses: then the error is [`Refused`].
    pub fn ask<T: DeserializeOwned>(&self, request: Request) -> anyhow::Result<T> {
        let socket = self.socket.clone().unwrap_or_else(|| default_socket(self.port));
        request.ask(&socket).map_err(|failure| explained(failure, &socket))
    }

    /// Prints an answer: as JSON if that was asked for, or in words.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn show<T: Serialize>(&self, answer: &T, words: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        let text = if self.json { json::json(answer)? } else { words(answer) };
        print_lines(&text)
    }
}

fn explained(failure: Failure, socket: &Path) -> anyhow::Error {
    let socket = socket.display();
    match failure {
        Failure::Refused(problem) if problem.code == "no-handover" => Refused(format!("{problem}: add --discard-state")).into(),
        Failure::Refused(problem) => Refused(problem.to_string()).into(),
        Failure::NotAsked(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            anyhow!(
                "no server of yours listens on the admin socket {socket}. Name its port with --port, or its socket with --socket"
            )
        }
        Failure::NotAsked(error) if error.kind() == io::ErrorKind::PermissionDenied => anyhow!(
            "the admin socket {socket} is not used: {error}. Run this command as the user who runs the server, or name another socket with --socket"
        ),
        Failure::NotAsked(error) => anyhow::Error::new(error).context(format!("the server at {socket} did not answer")),
    }
}

fn change_in_words(report: &SwapReport) -> String {
    let clients: usize = report.rooms.iter().map(|room| room.clients).sum();
    let longest = report.rooms.iter().map(|room| room.pause_us).max().unwrap_or(0);
    format!(
        "{} -> {}\n{} and {} stayed connected; the longest pause of a room was {}\nloaded in {}, swapped in {}",
        report.from,
        report.to,
        count(report.rooms.len(), "room"),
        count(clients, "client"),
        millis(longest),
        millis(report.load_us),
        millis(report.swap_us)
    )
}

fn in_words(status: &Status) -> String {
    let previous = status.previous.as_ref().map_or("none".to_owned(), ReleaseInfo::to_string);
    let last = status.last_trap.as_ref().map_or_else(String::new, |message| format!(", the last: {}", printable(message)));
    let release = status.release.as_ref().map_or_else(
        || format!("app       native, for {}", age(status.started_unix)),
        |release| {
            let file = release.file.display().to_string();
            format!("release   {release}, for {}\nfile      {}\nprevious  {previous}", age(release.since_unix), printable(&file))
        },
    );
    format!(
        "{release}\nrooms     {} open, {} hibernating\nclients   {}\nswaps     {}\ntraps     {}{last}",
        status.rooms, status.hibernating, status.clients, status.swaps, status.traps
    )
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn millis(micros: u64) -> String {
    format!("{:.1} ms", micros as f64 / 1000.0)
}

fn age(since_unix: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let seconds = now.saturating_sub(since_unix);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
