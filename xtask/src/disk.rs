//! The disk space under the checkout while steps run.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::statvfs::statvfs;

use crate::command::{command, output};
use crate::places::Places;
use crate::step::{Check, Trouble};

/// The time between two looks at the free space. A program that fills a disk often removes its file at once.
const LOOK: Duration = Duration::from_millis(500);
/// With less free space than this, a disk counts as full.
const FULL: u64 = 200_000_000;

/// A thread that looks at the free space during one step.
#[derive(Debug)]
pub(crate) struct Watch {
    end: Sender<()>,
    lowest: JoinHandle<u64>,
    places: Vec<PathBuf>,
}

impl Watch {
    /// Begins to look.
    pub(crate) fn begin(places: &Places) -> Self {
        let (end, ended) = mpsc::channel();
        let root = places.root.clone();
        let lowest = thread::spawn(move || {
            let mut lowest = free(&root);
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                lowest = lowest.min(free(&root));
            }
            lowest.min(free(&root))
        });
        Self { end, lowest, places: places.built() }
    }

    /// Tells the space that is free and taken. If the disk was full while a step failed, its reason says so.
    pub(crate) fn end(self, root: &Path, check: Check) -> Check {
        drop(self.end);
        let lowest = self.lowest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let taken: Vec<_> = self.places.iter().filter_map(|folder| taken(root, folder)).collect();
        println!("--- disk: {} free, {} at the least; {}", in_gb(free(root)), in_gb(lowest), taken.join(", "));
        check.map_err(|trouble| explained(trouble, lowest))
    }
}

fn explained(trouble: Trouble, lowest: u64) -> Trouble {
    match trouble {
        Trouble::Failed(why) if lowest < FULL => {
            Trouble::Failed(format!("the disk was full, with {} free at the least: {why}", in_gb(lowest)))
        }
        other => other,
    }
}

/// The bytes that are free. A disk that does not tell is never full.
fn free(folder: &Path) -> u64 {
    statvfs(folder).map_or(u64::MAX, |disk| disk.blocks_available() * disk.fragment_size())
}

/// A folder with its size, unless it does not exist.
fn taken(root: &Path, folder: &Path) -> Option<String> {
    let told = output(command("du", root).args(["--summarize", "--block-size=1"]).arg(folder)).ok()?;
    let size = told.split_whitespace().next()?.parse().ok()?;
    Some(format!("{} {}", folder.strip_prefix(root).unwrap_or(folder).display(), in_gb(size)))
}

fn in_gb(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_on_a_full_disk_names_the_disk_first() {
        let why = "the disk was full, with 0.1 GB free at the least: `cargo build` ended";
        assert_eq!(explained(Trouble::failed("`cargo build` ended"), 100_000_000), Trouble::failed(why));
        assert_eq!(explained(Trouble::failed("`cargo build` ended"), FULL), Trouble::failed("`cargo build` ended"));
        assert_eq!(explained(Trouble::missing("no node"), 0), Trouble::missing("no node"));
    }

    #[test]
    fn the_free_space_is_that_of_the_checkout() {
        let places = Places::find();
        let check = Watch::begin(&places).end(&places.root, Err(Trouble::failed("it is broken")));
        assert!(free(&places.root) > 0 && free(Path::new("/nowhere")) == u64::MAX);
        assert!(check.is_err());
    }
}
