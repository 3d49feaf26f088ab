//! The machine and the versions that the figures are of.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use super::peers::{Peer, profile};
use crate::command::{command, output, works};
use crate::places::Places;

/// The machine, and the versions of everything.
#[derive(Debug)]
pub(super) struct Machine(pub(super) Value);

impl Machine {
    /// Reads them.
    pub(super) fn look(places: &Places, peers: &[&Peer]) -> Self {
        let said = |program: &str, words: &[&str]| {
            output(command(program, &places.root).args(words)).map_or("unknown".to_owned(), |text| text.trim().to_owned())
        };
        let changed = !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
        let versions: BTreeMap<_, _> = peers.iter().map(|peer| (peer.name, (peer.version)(places))).collect();
        Self(json!({
            "commit": if changed { format!("{commit} with changes") } else { commit },
            "date": said("date", &["--utc", "+%Y-%m-%d %H:%M UTC"]),
            "kernel": read("/proc/sys/kernel/osrelease"),
            "cpu": cpu(),
            "cores": thread::available_parallelism().map_or(1, NonZero::get),
            "rustc": said("rustc", &["--version"]),
            "pinned": can_pin(),
            "profile": profile(),
            "versions": versions,
        }))
    }

    /// The line about it on a page.
    pub(super) fn in_a_line(&self) -> String {
        let Self(machine) = self;
        let text = |name: &str| machine[name].as_str().unwrap_or("unknown").to_owned();
        let versions = machine["versions"].as_object().into_iter().flatten();
        let versions: Vec<_> =
            versions.map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("unknown"))).collect();
        let pinned = if machine["pinned"] == true { "server and load on a core each" } else { "not pinned to cores" };
        format!(
            "- {}: commit {}, Linux {}, {}, {} cores, {pinned}, {}, profile {}. {}.\n",
            text("date"),
            text("commit"),
            text("kernel"),
            text("cpu"),
            machine["cores"],
            text("rustc"),
            machine["profile"].as_str().unwrap_or("dist"),
            versions.join(", ").replace("ws-host ws-host", "ws-host")
        )
    }
}

/// Whether the server and the load can each have a core.
pub(super) fn can_pin() -> bool {
    thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
        && works(Command::new("taskset").args(["--cpu-list", "1", "true"]))
}

/// The load average of the last minute.
pub(super) fn load_average() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

fn cpu() -> String {
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or("unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

fn read(file: &str) -> String {
    fs::read_to_string(file).map_or(String::new(), |text| text.trim().to_owned())
}
