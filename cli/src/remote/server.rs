//! A running server, and requests to it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ws_host::api::doors::default_socket;
use ws_host::api::{Failure, Request};

use crate::json;
use crate::output::print_lines;

/// The length of each part of a list that is asked for.
pub const PART: usize = 1000;

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

impl Remote {
    /// Asks the running server.
    ///
    /// # Errors
    /// No server answers, or it refuses: then the error is [`Refused`].
    pub fn ask<T: DeserializeOwned>(&self, request: Request) -> anyhow::Result<T> {
        let socket = self.path();
        request.ask(&socket).map_err(|failure| explained(failure, &socket))
    }

    /// Asks the running server for something whose answer says nothing more.
    ///
    /// # Errors
    /// As [`Remote::ask`].
    pub fn tell(&self, request: Request) -> anyhow::Result<()> {
        let socket = self.path();
        request.send(&socket).map(drop).map_err(|failure| explained(failure, &socket))
    }

    fn path(&self) -> PathBuf {
        self.socket.clone().unwrap_or_else(|| default_socket(self.port))
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

/// Asks for one part of a list after the other. `ask` gets the key behind which the part begins, and returns its entries with the next key.
///
/// # Errors
/// As `Remote::ask`.
pub fn all_parts<T, K>(ask: impl Fn(Option<&K>) -> anyhow::Result<(Vec<T>, Option<K>)>) -> anyhow::Result<Vec<T>> {
    let (mut entries, mut next) = ask(None)?;
    while let Some(after) = next {
        let (more, following) = ask(Some(&after))?;
        entries.extend(more);
        next = following;
    }
    Ok(entries)
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

/// A number with its noun.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The time since then, in a round number.
pub fn age(since_unix: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let seconds = now.saturating_sub(since_unix);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
