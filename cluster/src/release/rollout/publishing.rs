//! The records that a node adds to the stream of releases.

use std::collections::BTreeSet;

use super::{Action, Rollout};
use crate::life::Life;
use crate::publication::{Answer, Publication};
use crate::release::record::{ReleaseRecord, Why};
use crate::timing::Time;

/// A record on its way to the stream.
#[derive(Debug)]
pub(super) struct Sent {
    publication: Publication<ReleaseRecord>,
    is_answered: bool,
}

impl Rollout {
    /// The record is answered.
    pub fn answered(&mut self, now: Time, answer: Answer<ReleaseRecord>) {
        let Some(Sent { publication, .. }) = self.sent.take() else { return };
        let own = publication.record.clone();
        match answer {
            Answer::Stored(sequence) => self.stored(now, sequence, own),
            Answer::Refused { last: Some((sequence, record)) } if record == own => self.stored(now, sequence, own),
            Answer::Unknown => self.sent = Some(Sent { publication, is_answered: true }),
            Answer::Refused { last } => {
                self.behind = last.as_ref().map_or(u64::MAX, |(sequence, _)| *sequence);
                if let Some((sequence, record)) = last.filter(|(_, last)| last.number == own.number) {
                    self.record(now, sequence, record);
                }
                if let Some(asked) = &mut self.asked {
                    asked.refused();
                }
            }
        }
    }

    fn stored(&mut self, now: Time, sequence: u64, record: ReleaseRecord) {
        let number = record.number;
        self.record(now, sequence, record);
        if let Some(asked) = &mut self.asked {
            asked.stored(number);
        }
    }

    /// The record that is due.
    pub(super) fn publish(&mut self, now: Time, me: Option<Life>, alive: &BTreeSet<Life>) -> Option<Action> {
        let by = me?;
        if let Some(sent) = &mut self.sent {
            let again = sent.is_answered.then(|| sent.publication.clone());
            sent.is_answered = false;
            return again.map(Action::Publish);
        }
        if self.ledger.sequence() < self.behind {
            return None;
        }
        let record = self.next_undo(by).or_else(|| self.next_release(now, by, alive))?;
        let publication = Publication { expected: self.ledger.sequence(), record };
        self.sent = Some(Sent { publication: publication.clone(), is_answered: false });
        Some(Action::Publish(publication))
    }

    fn next_undo(&mut self, by: Life) -> Option<ReleaseRecord> {
        let (number, reason) = self.undo.take_if(|(number, _)| *number == self.ledger.number())?;
        let previous = self.ledger.previous()?;
        let (component, at) = (previous.component.clone(), self.ledger.last()?.at);
        Some(ReleaseRecord { number: number + 1, component, keeps_state: true, by, at, why: Why::Undo(reason) })
    }
}
