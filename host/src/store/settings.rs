//! The settings of a database.

use std::time::Duration;

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
#[derive(Debug, Clone)]
pub struct Settings {
    /// When a commit is done.
    pub sync: Sync,
    /// The most bytes of keys, values, timers and snapshots of all rooms; no limit if `None`.
    pub total_bytes: Option<u64>,
    /// Rooms that nobody has used for this long are removed, unless they have a durable timer or an unanswered request; none if `None`.
    pub expire_after: Option<Duration>,
    /// The time from the start to the first look for such rooms, if it is shorter than `expire_after`. A machine may start with a wrong
    /// clock, and set it within this time.
    pub first_expiry: Duration,
    /// The pause between two probe writes while the database is unavailable.
    pub probe_interval: Duration,
    /// The pages of 4 KiB in the log at which a checkpoint begins. With more of them, more pages are written once instead of several times;
    /// the log's file grows to this size.
    pub log_pages: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sync: Sync::default(),
            total_bytes: None,
            expire_after: None,
            first_expiry: Duration::from_secs(60),
            probe_interval: Duration::from_secs(1),
            log_pages: 16_000,
        }
    }
}
