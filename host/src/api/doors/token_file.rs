//! The file that a door has its tokens from, to be read again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::checks::Checks;
use super::tokens::Tokens;
use crate::error::Error;

/// The file of an open door's tokens. A clone has a copy of the path.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
    checks: Arc<Checks>,
}

impl TokenFile {
    pub(super) fn new(path: &Path, checks: &Arc<Checks>) -> Self {
        Self { path: path.to_owned(), checks: Arc::clone(checks) }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it again: requests need one of its tokens from now on. Answers that have begun, such as the log's, go on. Returns the number of tokens.
    /// Blocks while the file is read.
    ///
    /// # Errors
    /// The file cannot be used. The tokens of before stay.
    pub fn reload(&self) -> Result<usize, Error> {
        let tokens = Tokens::read(&self.path)?;
        let number = tokens.all().len();
        self.checks.replace(tokens, Instant::now());
        Ok(number)
    }
}
