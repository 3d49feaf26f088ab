//! The counters of the front door. Each is touched once for a connection or a plain request, on the threads that serve these.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hyper::http::StatusCode;

use crate::refusal::Reason;

/// The classes of HTTP statuses: 1xx to 5xx.
pub const STATUS_CLASSES: usize = 5;

/// The counters of the front door.
#[derive(Debug)]
pub struct DoorTally {
    accepted: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
    responses: [AtomicU64; STATUS_CLASSES],
}

/// The numbers of the front door.
#[derive(Debug, Clone, Copy)]
pub struct DoorNumbers {
    /// Connections that were accepted, whatever became of them.
    pub accepted: u64,
    /// Connections and upgrade requests that the front door has refused, by reason. Rooms refuse others.
    pub refused: [u64; Reason::ALL.len()],
    /// Answers to plain HTTP requests, by the class of their status.
    pub responses: [u64; STATUS_CLASSES],
}

impl Default for DoorTally {
    fn default() -> Self {
        let (refused, responses) = (std::array::from_fn(|_| AtomicU64::new(0)), std::array::from_fn(|_| AtomicU64::new(0)));
        Self { accepted: AtomicU64::new(0), refused, responses }
    }
}

impl DoorTally {
    /// A connection was accepted.
    pub fn note_accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    /// A connection or an upgrade request is refused.
    pub fn note_refused(&self, reason: Reason) {
        self.refused[reason as usize].fetch_add(1, Relaxed);
    }

    /// A plain request is answered.
    pub fn note_response(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1).min(STATUS_CLASSES - 1);
        self.responses[class].fetch_add(1, Relaxed);
    }

    /// The numbers.
    pub fn get(&self) -> DoorNumbers {
        DoorNumbers {
            accepted: self.accepted.load(Relaxed),
            refused: std::array::from_fn(|reason| self.refused[reason].load(Relaxed)),
            responses: std::array::from_fn(|class| self.responses[class].load(Relaxed)),
        }
    }
}
