//! How the command line names the ways of compression.

use clap::ValueEnum;
use ws_host::more::Compression;

/// How messages are compressed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// Not at all
    Off,
    /// Each by itself, which costs no memory for a connection
    Shared,
    /// With the ones before as context, which costs up to 340 kB for a connection
    Dedicated,
}

impl From<Mode> for Compression {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::Shared => Self::Shared,
            Mode::Dedicated => Self::Dedicated,
        }
    }
}
