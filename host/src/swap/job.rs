//! The tasks of the keeper.

use std::path::Path;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{Source, SwapReport};
use crate::error::Error;
use crate::shard::Handover;

/// Something that somebody wants of the keeper. It does not depend on who waits for the answer.
#[derive(Debug)]
pub(super) enum Job {
    /// A change of the release.
    Change(What, Handover, oneshot::Sender<Result<SwapReport, Error>>),
    /// Compiles a component ahead of its swap.
    Load(Source, oneshot::Sender<Result<Loaded, Error>>),
}

/// The kinds of change.
#[derive(Debug)]
pub(super) enum What {
    /// To this component.
    Swap(Source),
    /// To the previous release.
    Rollback,
    /// To the component with this hash, which is at hand.
    Take(String),
    /// To the component with this hash. If it is that of the release before, and a probation runs, with the state at that swap.
    Undo(String),
}

/// A component that is compiled.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Its name for people.
    pub(super) name: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub(super) sha256: String,
    /// Its bytes.
    pub(super) bytes: Bytes,
}

impl Source {
    /// Its file, or its name.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(file) => file,
            Self::Bytes(name, _) => Path::new(name),
        }
    }
}
