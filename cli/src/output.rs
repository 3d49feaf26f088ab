//! The result of a command, on stdout.

use std::io::{self, Write};

/// Writes a result and the end of its last line.
///
/// # Errors
/// As for [`print()`].
pub fn print_lines(text: &str) -> anyhow::Result<()> {
    print(format!("{}\n", text.trim_end()).as_bytes())
}

/// Writes a result. A reader that closes the pipe early, such as `head`, is no error.
///
/// # Errors
/// Stdout cannot be written.
pub fn print(text: &[u8]) -> anyhow::Result<()> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
