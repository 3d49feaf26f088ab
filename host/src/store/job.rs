//! The jobs of the writer, and its queue.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use super::done::Done;
use super::error::CommitError;
use super::life::Life;
use super::state::{Place, Step};
use super::write::Write;

/// The writes of one turn.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) life: Arc<Life>,
    pub(super) writes: Vec<Write>,
    /// As `Space` has counted them.
    pub(super) bytes: usize,
    pub(super) done: Done,
}

/// A job of the writer.
#[derive(Debug)]
pub(super) enum Job {
    /// Make a turn durable.
    Commit(Commit),
    /// Report that a turn was refused, behind the earlier ones of its room.
    Refuse { life: Arc<Life>, done: Done, error: CommitError },
    /// Note that a room is open. Answers the start of the host in which it was open before, or 0.
    Open { life: Arc<Life>, answer: oneshot::Sender<Result<i64, CommitError>> },
    /// Reserve ids, and answer the first one.
    ReserveIds { count: u64, answer: oneshot::Sender<Result<u64, CommitError>> },
    /// Remove some rooms that nobody has used since then, from this place on.
    Expire { unused_since_us: u64, from: Place, answer: oneshot::Sender<Result<Step, CommitError>> },
    /// Move the rest of the log into the database file, and start the log over.
    FinishCheckpoint,
    /// Write the mark of a clean shutdown, and end.
    Close,
}

impl Job {
    /// The writes that the job counts in a transaction; `None` if it runs outside of one.
    pub(super) fn writes(&self) -> Option<usize> {
        match self {
            Self::Commit(commit) => Some(commit.writes.len().max(1)),
            Self::Open { .. } | Self::ReserveIds { .. } => Some(1),
            Self::Refuse { .. } | Self::Expire { .. } | Self::FinishCheckpoint | Self::Close => None,
        }
    }

    /// The bytes that the job counts while it waits; `None` if it is not counted.
    pub(super) fn bytes(&self) -> Option<usize> {
        match self {
            Self::Commit(commit) => Some(commit.bytes),
            _ => None,
        }
    }

    /// Reports that nothing of the job has been done.
    pub(super) fn refuse(self, error: CommitError) {
        // An error of an answer means that nobody waits any more.
        match self {
            Self::Commit(Commit { life, done, .. }) => {
                life.fail();
                done.report(Err(error));
            }
            Self::Refuse { life, done, error } => {
                life.fail();
                done.report(Err(error));
            }
            Self::Open { answer, .. } => drop(answer.send(Err(error))),
            Self::ReserveIds { answer, .. } => drop(answer.send(Err(error))),
            Self::Expire { answer, .. } => drop(answer.send(Err(error))),
            Self::FinishCheckpoint | Self::Close => {}
        }
    }
}

/// The writer's queue, whose size `Space` bounds. A clone is the same queue.
#[derive(Debug, Clone)]
pub(super) struct Jobs(pub(super) Sender<Job>);

impl Jobs {
    pub(super) fn submit(&self, job: Job) {
        if let Err(refused) = self.0.send(job) {
            refused.0.refuse(CommitError::Closed);
        }
    }
}
