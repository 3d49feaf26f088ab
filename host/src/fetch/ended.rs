//! How the requests of all rooms have ended, counted. Each is touched once for a request.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::answer::{Answer, BodyPart, Cause, Failure};

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Ended {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: [AtomicU64; Cause::ALL.len()],
}

/// The numbers of all requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct FetchNumbers {
    /// Requests that run now.
    pub running: usize,
    /// Requests with an answer.
    pub answered: u64,
    /// Requests that were refused at the call: the server is not allowed, or there were too many.
    pub refused: u64,
    /// Requests that have failed, by cause.
    pub failed: [u64; Cause::ALL.len()],
}

impl Ended {
    /// The last part of an answer has come.
    pub(super) fn note(&self, answer: &Answer) {
        match answer {
            Answer::Response(Ok(_)) | Answer::Part(BodyPart::Piece(_) | BodyPart::End) => self.note_answered(),
            Answer::Response(Err(failure)) | Answer::Part(BodyPart::Failed(failure)) => self.note_failed(failure),
        }
    }

    /// A request has its answer.
    pub(super) fn note_answered(&self) {
        self.answered.fetch_add(1, Relaxed);
    }

    /// A request has failed.
    pub(super) fn note_failed(&self, failure: &Failure) {
        self.failed[failure.cause as usize].fetch_add(1, Relaxed);
    }

    /// A request was refused at the call.
    pub(super) fn note_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// The numbers, while this many run.
    pub(super) fn get(&self, running: usize) -> FetchNumbers {
        FetchNumbers {
            running,
            answered: self.answered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            failed: std::array::from_fn(|cause| self.failed[cause].load(Relaxed)),
        }
    }
}
