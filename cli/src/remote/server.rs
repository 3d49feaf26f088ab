//! A running server, and requests to it.

use std::io::{self, Write as _};
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

    /// The same for a list. A program that gets a list as JSON is told of missing nodes on stderr.
    ///
    /// # Errors
    /// As `show`.
    pub fn show_list<T: Serialize>(
        &self,
        entries: &[T],
        missing: &[u16],
        words: impl FnOnce(&[T]) -> String,
    ) -> anyhow::Result<()> {
        let missing = missing_in_words(missing);
        if self.json {
            if !missing.is_empty() {
                // A caller that does not read stderr has its list all the same.
                let _ = writeln!(io::stderr(), "{}", missing.trim_start());
            }
            return print_lines(&json::json(&entries)?);
        }
        print_lines(&format!("{}{missing}", words(entries)))
    }
}

/// A part of a list.
pub struct Part<T, K> {
    /// Its entries.
    pub entries: Vec<T>,
    /// The key behind which the next part begins.
    pub next: Option<K>,
    /// The nodes of the cluster that have not answered.
    pub missing: Vec<u16>,
}

/// Asks for one part of a list after the other. `ask` gets the key behind which the part begins. Returns the entries, and the nodes that are missing
/// in any of the parts.
///
/// # Errors
/// As `Remote::ask`.
pub fn all_parts<T, K>(ask: impl Fn(Option<&K>) -> anyhow::Result<Part<T, K>>) -> anyhow::Result<(Vec<T>, Vec<u16>)> {
    let Part { mut entries, mut next, mut missing } = ask(None)?;
    while let Some(after) = next {
        let part = ask(Some(&after))?;
        entries.extend(part.entries);
        missing.extend(part.missing);
        next = part.next;
    }
    missing.sort_unstable();
    missing.dedup();
    Ok((entries, missing))
}

/// A line behind an answer in which nodes of the cluster are missing.
pub fn missing_in_words(missing: &[u16]) -> String {
    match missing {
        [] => String::new(),
        [node] => format!("\nnode {node} does not answer: its part is missing"),
        nodes => {
            let nodes: Vec<_> = nodes.iter().map(u16::to_string).collect();
            format!("\nnodes {} do not answer: their parts are missing", nodes.join(", "))
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_all_parts_and_names_each_missing_node_once() {
        let ask = |after: Option<&usize>| {
            let first = after.map_or(1, |after| after + 1);
            Ok(Part { entries: vec![first], next: (first < 3).then_some(first), missing: vec![9, 7][..first.min(2)].to_vec() })
        };
        assert_eq!(all_parts(ask).expect("no part is refused"), (vec![1, 2, 3], vec![7, 9]));
    }

    #[test]
    fn missing_nodes_are_named_on_a_line_of_their_own() {
        assert_eq!(missing_in_words(&[]), "");
        assert_eq!(missing_in_words(&[7]), "\nnode 7 does not answer: its part is missing");
        assert_eq!(missing_in_words(&[7, 9]), "\nnodes 7, 9 do not answer: their parts are missing");
    }
}
