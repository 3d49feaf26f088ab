//! A line on the terminal that tells how far it is.

use std::io::{self, IsTerminal, Write};

/// A line that is written over. Where stderr is no terminal there is none.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
}

impl Progress {
    /// A line, if it is wanted and somebody can see it.
    pub fn new(is_wanted: bool) -> Self {
        Self { is_shown: is_wanted && io::stderr().is_terminal() }
    }

    /// Writes over what was there.
    pub fn show(&self, text: impl FnOnce() -> String) {
        if self.is_shown {
            // `ESC [K` clears the rest of the line. A progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r{}\u{1b}[K", text());
        }
    }

    /// Leaves an empty line behind.
    pub fn clear(&self) {
        self.show(String::new);
    }
}
