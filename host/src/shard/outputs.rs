//! The commit of a turn: its outputs become visible at once, or wait for the journal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use crate::room::{Backing, Held, JournalError, Turn};
use crate::trace::Span;

/// A journal's report on commits of this room: the number of a durable one, or the reason why one never will be durable.
pub(super) type Report = Result<u64, JournalError>;

/// The outputs of one room.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    held: Held,
    reports: Arc<Reports>,
}

/// Reports that wait for the room. The journal's threads bring them.
#[derive(Debug)]
struct Reports(Mutex<(VecDeque<Report>, Waker)>);

impl Default for Reports {
    fn default() -> Self {
        Self(Mutex::new((VecDeque::new(), Waker::noop().clone())))
    }
}

impl Outputs {
    /// Commits a turn. Returns it if its outputs are to be made visible now; otherwise it is held. A commit that the journal has to make durable
    /// has a span, if there is one.
    pub(super) fn commit(
        &mut self,
        journal: Option<&Arc<dyn Backing>>,
        mut turn: Box<Turn>,
        span: impl FnOnce() -> Option<Span>,
    ) -> Option<Box<Turn>> {
        let commit = turn.commit();
        if commit == 0 && self.held.is_empty() {
            return Some(turn);
        }
        if commit > 0
            && let Some(journal) = journal
        {
            let reports = Arc::clone(&self.reports);
            let mut span = span().map(Box::new);
            let done = move |result: Result<(), JournalError>| {
                if let (Err(error), Some(span)) = (&result, &mut span) {
                    span.fail("journal", error.to_string());
                }
                drop(span);
                reports.push(result.map(|()| commit));
            };
            journal.commit(turn.take_writes(), Box::new(done));
        }
        self.held.push(turn);
        None
    }

    /// Whether the room must take no input for now: too much is held.
    pub(super) fn are_full(&self) -> bool {
        self.held.is_full()
    }

    /// Whether no turn is held.
    pub(super) fn are_visible(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes the journal's next report, or has it wake the room.
    pub(super) fn next_report(&self, cx: &Context<'_>) -> Option<Report> {
        if self.held.is_empty() {
            return None;
        }
        self.reports.with(|(reports, waker)| {
            let report = reports.pop_front();
            if report.is_none() {
                waker.clone_from(cx.waker());
            }
            report
        })
    }

    /// Notes that this commit and those before it are durable. `pop_released` gives the turns whose outputs are to be made
    /// visible now.
    pub(super) fn note_durable(&mut self, commit: u64) {
        self.held.note_durable(commit);
    }

    /// The next turn that is released.
    pub(super) fn pop_released(&mut self) -> Option<Box<Turn>> {
        self.held.pop_released()
    }

    /// Takes all held turns, because the journal has failed. Its later reports about them are ignored.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Box<Turn>> + use<> {
        self.reports = Arc::default();
        self.held.take_all()
    }
}

impl Reports {
    fn push(&self, report: Report) {
        let waker = self.with(|(reports, waker)| {
            reports.push_back(report);
            waker.clone()
        });
        waker.wake();
    }

    fn with<T>(&self, work: impl FnOnce(&mut (VecDeque<Report>, Waker)) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
