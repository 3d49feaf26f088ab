//! The release that a room's state is of, which is newer than the one that runs here.

use super::{Action, Rollout, Step};
use crate::release::ledger::Ledger;
use crate::timing::Time;

/// The release that rooms need.
#[derive(Debug, Default)]
pub(super) struct Need {
    /// The newest one.
    number: u64,
    /// The one that the records are read for, and the sequence of the ledger's last record when that began.
    looking: Option<(u64, u64)>,
    /// Records that were read for it do not have it. 0 if they have it.
    unknown: u64,
}

impl Rollout {
    /// A room that would open here has a state of the release of this number. The node does not wait for its turn to take that one, or a later one.
    pub fn hurry(&mut self, number: u64) {
        self.need.number = self.need.number.max(number);
    }

    /// A room whose state is of the release of this number, or of an older one, may open here: the node runs it or a later one, or cannot take it.
    #[must_use]
    pub fn opens(&self) -> u64 {
        let last = self.ledger.number();
        let refused = self.refused.as_ref().map(|(number, _)| *number).filter(|number| *number == last);
        let unknown = Some(self.need.unknown).filter(|unknown| *unknown > last);
        self.taken.max(refused.unwrap_or_default()).max(unknown.unwrap_or_default())
    }

    /// The newest release that may have had a part in the states of rooms here.
    #[must_use]
    pub fn tells(&self) -> u64 {
        if let Step::Installing(number) = self.step { self.taken.max(number) } else { self.taken }
    }

    /// The release that a room has needed, and that the stream of releases does not have. It was restored to an older state.
    #[must_use]
    pub fn unknown(&self) -> Option<u64> {
        Some(self.need.unknown).filter(|unknown| *unknown > self.ledger.number())
    }

    /// The records were read from the stream's leader for [`Action::Look`], if they could be.
    pub fn looked(&mut self, now: Time, ledger: Option<Ledger>) {
        let Some((number, known)) = self.need.looking.take() else { return };
        let Some(ledger) = ledger else { return };
        self.read(now, known, ledger);
        self.need.unknown = if self.ledger.number() < number { number } else { 0 };
    }

    pub(super) fn is_in_a_hurry(&self) -> bool {
        // A release that the node has not heard of yet may follow at once.
        self.need.number > self.taken && self.need.number <= self.ledger.number()
    }

    /// The records of releases and those of rooms come on two ways: the stream may have the release already.
    pub(super) fn next_look(&mut self) -> Option<Action> {
        let Need { number, looking, unknown } = &mut self.need;
        let is_due = *number > self.ledger.number().max(*unknown) && looking.is_none();
        is_due.then(|| {
            *looking = Some((*number, self.ledger.sequence()));
            Action::Look
        })
    }
}
