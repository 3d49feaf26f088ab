//! A progress line on the terminal.

use std::io::{self, IsTerminal, Write};

/// A line that is overwritten. It is written only to a terminal.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
}

impl Progress {
    /// A line, if it is wanted and stderr is a terminal.
    pub fn new(is_wanted: bool) -> Self {
        Self { is_shown: is_wanted && io::stderr().is_terminal() }
    }

    /// Overwrites the line.
    pub fn show(&self, text: impl FnOnce() -> String) {
        if self.is_shown {
            // `ESC [K` clears the rest of the line. A failure to show the progress does not stop the run.
            let _ = write!(io::stderr(), "\r{}\u{1b}[K", text());
        }
    }

    /// Clears the line.
    pub fn clear(&self) {
        self.show(String::new);
    }
}
