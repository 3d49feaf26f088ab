//! The records of releases, and the releases that they leave.

use std::collections::VecDeque;

use super::record::ReleaseRecord;

/// The last records of the stream, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    records: VecDeque<(u64, ReleaseRecord)>,
}

impl Ledger {
    /// How many records the stream and a ledger keep.
    pub const KEPT: usize = 16;

    /// The next record, with its sequence. One that the ledger has is ignored. Returns whether it is new.
    pub fn push(&mut self, sequence: u64, record: ReleaseRecord) -> bool {
        if sequence <= self.sequence() {
            return false;
        }
        if self.records.len() == Self::KEPT {
            self.records.pop_front();
        }
        self.records.push_back((sequence, record));
        true
    }

    /// The last record.
    #[must_use]
    pub fn last(&self) -> Option<&ReleaseRecord> {
        self.records.back().map(|(_, record)| record)
    }

    /// All of them, each with its sequence.
    pub fn records(&self) -> impl Iterator<Item = &(u64, ReleaseRecord)> {
        self.records.iter()
    }

    /// Whether this ledger, read later, goes on from what `before` had up to this sequence.
    pub(super) fn goes_on_from(&self, before: &Self, known: u64) -> bool {
        let Some(last) = before.records.iter().rfind(|(sequence, _)| *sequence <= known) else { return true };
        let is_forgotten = self.records.len() == Self::KEPT && self.records.front().is_some_and(|(first, _)| *first > last.0);
        is_forgotten || self.records.contains(last)
    }

    /// The record of this number.
    #[must_use]
    pub fn record(&self, number: u64) -> Option<&ReleaseRecord> {
        self.records.iter().map(|(_, record)| record).find(|record| record.number == number)
    }

    /// The sequence of the last record; 0 without one.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.records.back().map_or(0, |(sequence, _)| *sequence)
    }

    /// The number of the last record; 0 without one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.last().map_or(0, |record| record.number)
    }

    /// Whether a record names the component with this hash.
    #[must_use]
    pub fn names(&self, sha256: &str) -> bool {
        self.records.iter().any(|(_, record)| record.component.sha256 == sha256)
    }

    /// The releases that are not called off, the last one at the end: each as the record that began it.
    #[must_use]
    pub fn releases(&self) -> Vec<&ReleaseRecord> {
        let mut releases: Vec<&ReleaseRecord> = Vec::new();
        for (_, record) in &self.records {
            if record.is_undo() {
                releases.pop();
                // The ledger may begin behind the release that runs again.
                if releases.last().is_some_and(|last| last.component == record.component) {
                    continue;
                }
            }
            releases.push(record);
        }
        releases
    }

    /// The release that runs: the record that began it.
    #[must_use]
    pub fn running(&self) -> Option<&ReleaseRecord> {
        self.releases().pop()
    }

    /// The release before it.
    #[must_use]
    pub fn previous(&self) -> Option<&ReleaseRecord> {
        self.releases().into_iter().nth_back(1)
    }
}
