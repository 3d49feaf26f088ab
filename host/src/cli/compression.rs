//! What the command line says of compression.

use clap::{Args, ValueEnum};
use ws_host::more::Compression;

use super::limits;

/// How messages are compressed.
#[derive(Debug, Args)]
pub struct CompressionArguments {
    /// How messages are compressed with clients that can (permessage-deflate)
    #[arg(long, value_enum, default_value_t = Mode::Shared, value_name = "MODE")]
    pub compression: Mode,
    /// The size from which a message is compressed
    #[arg(long, default_value = "128", value_parser = limits::size, value_name = "SIZE")]
    pub compress_above: usize,
}

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
