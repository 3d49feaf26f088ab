//! The commit of a turn: its outputs become visible at once, or wait for the journal.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use super::journal::{Journal, JournalError};
use super::room_task::RoomTask;
use crate::room::{Held, Turn};

/// A journal's report on commits of this room: the number of a durable one, or the reason why one never will be durable.
type Reports = Rc<RefCell<VecDeque<Result<u64, JournalError>>>>;

/// The outputs of one room.
pub(super) struct Outputs {
    /// Without a journal, every turn is visible at once.
    journal: Option<Waiting>,
}

/// The state of a room with a journal.
struct Waiting {
    journal: Rc<dyn Journal>,
    held: Held,
    reports: Reports,
    /// Woken by a report.
    task: Weak<RoomTask>,
}

impl Outputs {
    /// No outputs yet.
    pub(super) fn new(journal: Option<Rc<dyn Journal>>, task: &Rc<RoomTask>) -> Self {
        let waiting =
            |journal| Waiting { journal, held: Held::default(), reports: Reports::default(), task: Rc::downgrade(task) };
        Self { journal: journal.map(waiting) }
    }

    /// Commits a turn. Returns it if its outputs are to be made visible now; otherwise it is held.
    pub(super) fn commit(&mut self, room: &str, turn: Turn) -> Option<Turn> {
        match &mut self.journal {
            None => Some(turn),
            Some(waiting) => waiting.commit(room, turn),
        }
    }

    /// Whether the room must take no input for now: too much is held.
    pub(super) fn are_full(&self) -> bool {
        self.journal.as_ref().is_some_and(|waiting| waiting.held.is_full())
    }

    /// Whether no turn is held.
    pub(super) fn are_visible(&self) -> bool {
        self.journal.as_ref().is_none_or(|waiting| waiting.held.is_empty())
    }

    /// Takes the journal's next report.
    pub(super) fn next_report(&self) -> Option<Result<u64, JournalError>> {
        self.journal.as_ref()?.reports.borrow_mut().pop_front()
    }

    /// Notes that this commit and those before it are durable. `pop_released` gives the turns whose outputs are to be made
    /// visible now.
    pub(super) fn note_durable(&mut self, commit: u64) {
        if let Some(waiting) = &mut self.journal {
            waiting.held.note_durable(commit);
        }
    }

    /// The next turn that is released.
    pub(super) fn pop_released(&mut self) -> Option<Turn> {
        self.journal.as_mut()?.held.pop_released()
    }

    /// Takes all held turns, because the journal has failed. Its later reports about them are ignored.
    pub(super) fn take_all(&mut self) -> Vec<Turn> {
        let Some(waiting) = &mut self.journal else { return Vec::new() };
        waiting.reports = Reports::default();
        waiting.held.take_all().collect()
    }
}

impl Waiting {
    fn commit(&mut self, room: &str, turn: Turn) -> Option<Turn> {
        let commit = self.held.next_commit();
        let (reports, task) = (Rc::clone(&self.reports), Weak::clone(&self.task));
        let done = Box::new(move |result: Result<(), JournalError>| {
            reports.borrow_mut().push_back(result.map(|()| commit));
            if let Some(task) = task.upgrade() {
                task.wake();
            }
        });
        if self.journal.commit(room, &turn, done) {
            self.held.push(turn, commit);
        } else if self.held.is_empty() {
            return Some(turn);
        } else {
            self.held.push(turn, 0);
        }
        None
    }
}
