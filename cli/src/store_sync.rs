//! The values of `--store-sync`.

use clap::ValueEnum;
use ws_host::store::Sync;

/// When a write counts.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// When the disk has it: it outlives a crash of the machine
    Full,
    /// When the system has it: it outlives a crash of this process, and a disk's sync is not waited for
    Normal,
}

impl From<Mode> for Sync {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Full => Self::Full,
            Mode::Normal => Self::Normal,
        }
    }
}
