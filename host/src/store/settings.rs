//! The settings of a database.

/// When a commit is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sync {
    /// When the disk has it: it outlives a crash of the machine.
    #[default]
    Full,
    /// When the operating system has it: it outlives a crash of this process.
    Normal,
}

impl Sync {
    pub(super) fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }
}

/// The settings of a database.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// When a commit is done.
    pub sync: Sync,
    /// The most bytes of keys, values, timers and snapshots of all rooms; no limit if `None`.
    pub total_bytes: Option<u64>,
}
