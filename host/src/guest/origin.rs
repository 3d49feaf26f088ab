//! Where a component comes from.

use std::path::PathBuf;

use super::program::{Source, check_format, read};
use crate::error::Error;

/// Where a component comes from.
#[derive(Debug)]
pub enum Origin {
    /// Its file.
    File(PathBuf),
    /// A name, and the component itself.
    Bytes(String, Vec<u8>),
}

/// A component that is read and not compiled yet.
#[derive(Debug)]
pub struct Bytecode {
    /// The file that the release goes by.
    pub file: PathBuf,
    /// Its name for people.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Origin {
    /// Reads the component.
    ///
    /// # Errors
    /// The file cannot be read, or has another format, which the error names.
    pub fn read(self) -> Result<Bytecode, Error> {
        let (file, name, bytes) = match self {
            Self::File(path) => {
                let (name, bytes) = read(&path)?;
                (path, name, bytes)
            }
            Self::Bytes(name, bytes) => (PathBuf::from(&name), name, bytes),
        };
        check_format(Source { name: &name, bytes: &bytes })?;
        Ok(Bytecode { file, name, bytes })
    }
}
