//! `ws-host swap`, `rollback`, `reload` and `status`: the release of a running server, and its settings.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use ws_host::api::nodes::ClusterSwap;
use ws_host::api::{ReleaseInfo, ReloadReport, Request, Status, SwapReport};
use ws_host::log::printable;

use super::nodes::cluster_in_words;
use super::server::{Remote, age, count};

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

/// Swaps a running server to another component and prints the report.
///
/// # Errors
/// No server answers, or it refuses: then the error is [`super::Refused`].
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

/// Has a running server read its settings again, and prints what has changed.
///
/// # Errors
/// As for [`swap`].
pub fn reload(remote: &Remote) -> anyhow::Result<()> {
    let report: ReloadReport = remote.ask(Request::post(["reload"]))?;
    remote.show(&report, reload_in_words)
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

/// A report in one line.
pub fn reload_in_words(report: &ReloadReport) -> String {
    let ReloadReport { changed, needs_restart } = report;
    let told = |what: &str, keys: &[String]| (!keys.is_empty()).then(|| format!("{what} {}", keys.join(", ")));
    let parts: Vec<_> = [told("changed", changed), told("needs a restart:", needs_restart)].into_iter().flatten().collect();
    if parts.is_empty() { "nothing has changed".to_owned() } else { parts.join("; ") }
}

fn change_in_words(report: &SwapReport) -> String {
    let clients: usize = report.rooms.iter().map(|room| room.clients).sum();
    let longest = report.rooms.iter().map(|room| room.pause_us).max().unwrap_or(0);
    let cluster = report.cluster.as_ref().map_or_else(String::new, everywhere_in_words);
    format!(
        "{} -> {}\n{} and {} stayed connected; the longest pause of a room was {}\nloaded in {}, swapped in {}{cluster}",
        report.from,
        report.to,
        count(report.rooms.len(), "room"),
        count(clients, "client"),
        millis(longest),
        millis(report.load_us),
        millis(report.swap_us)
    )
}

/// The other nodes, in lines of their own.
fn everywhere_in_words(ClusterSwap { number, nodes, missing }: &ClusterSwap) -> String {
    let taken = nodes.iter().filter(|node| node.refused.is_none());
    let (nodes, rooms, clients) =
        taken.fold((0, 0, 0), |(nodes, rooms, clients), node| (nodes + 1, rooms + node.rooms, clients + node.clients));
    let (rooms, clients) = (count(rooms as usize, "room"), count(clients as usize, "client"));
    let mut words = format!("\nrelease {number} of the cluster runs on {}, in {rooms} with {clients}", count(nodes, "node"));
    if !missing.is_empty() {
        let numbers: Vec<_> = missing.iter().map(u16::to_string).collect();
        words.push_str(&format!("\nno answer yet from node {}: it takes the release when it can", numbers.join(", ")));
    }
    words
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
    let away = if status.clients_away > 0 { format!(", {} of them away", status.clients_away) } else { String::new() };
    let cluster = status.cluster.as_ref().map_or_else(String::new, cluster_in_words);
    format!(
        "{release}\nrooms     {} open, {} hibernating\nclients   {}{away}\nswaps     {}\ntraps     {}{last}{cluster}",
        status.rooms, status.hibernating, status.clients, status.swaps, status.traps
    )
}

fn millis(micros: u64) -> String {
    format!("{:.1} ms", micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line() {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let words = |changed: &[&str], rest: &[&str]| {
            reload_in_words(&ReloadReport { changed: keys(changed), needs_restart: keys(rest) })
        };
        assert_eq!(words(&[], &[]), "nothing has changed");
        assert_eq!(words(&["drain"], &["host", "port"]), "changed drain; needs a restart: host, port");
    }
}
