//! The values of `--compression`.

use clap::ValueEnum;
use ws_host::config::Compression;

/// How messages are compressed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// No compression
    Off,
    /// Each message by itself; takes no memory per connection
    Shared,
    /// With the earlier messages as context; takes up to 340 kB per connection
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
