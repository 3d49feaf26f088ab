//! The stores of the workloads that write and read: their rooms and keys, and their folders on the disk.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::command::{command, output};
use crate::places::Places;
use crate::step::{Check, Trouble};

/// The peers that have a store: this host, and the native server that it is compared with.
pub(super) const KEEPERS: [&str; 2] = ["ws-host", "rusqlite"];
/// The bytes of a value, and of a message that writes one.
const VALUE_BYTES: usize = 200;

/// A store under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Store {
    pub(super) operation: Operation,
    pub(super) sync: Sync,
    pub(super) rooms: u32,
    /// The keys of each room. They exist before the load begins.
    pub(super) keys: u32,
}

/// The operation of each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Sets one key.
    Write,
    /// Gets one key.
    Read,
    /// Lists all keys with their values.
    List,
    /// None: a client only opens the room.
    Open,
}

/// When a write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// When the disk has it.
    Full,
    /// When the operating system has it.
    Normal,
    /// At once: the store is in memory.
    Memory,
}

impl Store {
    /// Whether each answer waits for the disk.
    pub(super) fn is_synced(self) -> bool {
        self.operation == Operation::Write && self.sync == Sync::Full
    }
}

impl Operation {
    /// Its name for the servers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Write | Self::Open => "write",
            Self::Read => "read",
            Self::List => "list",
        }
    }
}

impl Sync {
    /// The word for `--store-sync`; none for a store in memory.
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Self::Full => Some("full"),
            Self::Normal => Some("normal"),
            Self::Memory => None,
        }
    }
}

/// The data folder of a peer under a workload.
pub(super) fn folder(places: &Places, workload: &str, peer: &str) -> PathBuf {
    parent(places).join(workload).join(peer)
}

/// The folder of all data folders. The figures are of the disk that it is on.
pub(super) fn parent(places: &Places) -> PathBuf {
    places.scratch("bench").join("data")
}

/// Removes the folders of earlier runs of a workload, and fills the host's anew. The other peers fill their own.
pub(super) fn renew(places: &Places, workload: &str, store: Store, host: &Path) -> Check {
    clear(places, workload)?;
    let [keeper, _] = KEEPERS;
    let data = folder(places, workload, keeper);
    fs::create_dir_all(&data).with_context(|| format!("making {}", data.display()))?;
    if store.sync == Sync::Memory {
        return Ok(());
    }
    let lines = folder(places, workload, "keys.jsonl");
    write_keys(&lines, store).with_context(|| format!("writing {}", lines.display()))?;
    let mut import = command(host, &places.root);
    import.args(["data", "import"]).arg(&lines).arg("--data").arg(&data);
    output(&mut import)?;
    fs::remove_file(&lines).with_context(|| format!("removing {}", lines.display()))?;
    Ok(())
}

/// Removes the folders of a workload.
pub(super) fn clear(places: &Places, workload: &str) -> Result<(), Trouble> {
    let folder = parent(places).join(workload);
    if folder.is_dir() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}

/// Every key of every room, as `ws-host data import` reads them.
fn write_keys(file: &Path, store: Store) -> std::io::Result<()> {
    let mut lines = BufWriter::new(File::create(file)?);
    let value = "x".repeat(VALUE_BYTES);
    for (room, key) in (0..store.rooms).flat_map(|room| (0..store.keys).map(move |key| (room, key))) {
        writeln!(lines, r#"{{"room":"{room}","key":"key {key:012}","value":"{value}"}}"#)?;
    }
    lines.flush()
}
