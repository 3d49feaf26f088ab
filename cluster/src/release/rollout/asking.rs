//! The release that somebody asks a node for.

use std::collections::BTreeSet;

use super::Rollout;
use crate::life::Life;
use crate::release::record::{ReleaseRecord, Why};
use crate::release::wish::{Outcome, What, Wish};
use crate::timing::Time;

#[derive(Debug)]
pub(super) struct Asked {
    wish: Wish,
    since: Time,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The release before is not everywhere yet.
    Waiting,
    /// Its record is on its way.
    Publishing,
    /// Nodes take it.
    Rolling(u64),
}

impl Asked {
    /// The record of the release is stored.
    pub(super) fn stored(&mut self, number: u64) {
        if self.stage == Stage::Publishing {
            self.stage = Stage::Rolling(number);
        }
    }

    /// Another record came first. The wish waits until that one is everywhere.
    pub(super) fn refused(&mut self) {
        if self.stage == Stage::Publishing {
            self.stage = Stage::Waiting;
        }
    }
}

impl Rollout {
    /// Somebody wants a release. Returns false while the one before is not answered.
    pub fn want(&mut self, now: Time, wish: Wish) -> bool {
        let is_free = self.asked.is_none();
        if is_free {
            self.asked = Some(Asked { wish, since: now, stage: Stage::Waiting });
        }
        is_free
    }

    /// The record of the release that is wanted, when the one before is everywhere.
    pub(super) fn next_release(&mut self, now: Time, by: Life, alive: &BTreeSet<Life>) -> Option<ReleaseRecord> {
        let is_over = self.missing(self.ledger.number(), alive).is_empty() || self.is_out_of_patience(now);
        let asked = self.asked.as_mut().filter(|asked| asked.stage == Stage::Waiting && is_over)?;
        let (component, why) = match &asked.wish.what {
            What::Deploy(component) if self.ledger.names(&component.sha256) => return None,
            What::Swap(component) | What::Deploy(component) => (component.clone(), Why::Swap),
            What::Rollback => (self.ledger.previous()?.component.clone(), Why::Rollback),
        };
        asked.stage = Stage::Publishing;
        let number = self.ledger.number() + 1;
        Some(ReleaseRecord { number, component, keeps_state: asked.wish.keeps_state, by, at: asked.wish.at, why })
    }

    /// The answer to a wish, when it is due.
    pub(super) fn answer(&mut self, now: Time, alive: &BTreeSet<Life>) -> Option<Outcome> {
        let asked = self.asked.as_ref()?;
        let outcome = match (asked.stage, &asked.wish.what) {
            (Stage::Waiting, What::Deploy(component)) if self.ledger.names(&component.sha256) => Outcome::Unneeded,
            (Stage::Waiting, What::Rollback) if self.ledger.previous().is_none() => Outcome::NothingBefore,
            (Stage::Rolling(number), _) => self.rolled(now, number, alive)?,
            _ if now >= asked.since.max(self.progress) + self.patience * 2 => Outcome::Unknown,
            _ => return None,
        };
        self.asked = None;
        Some(outcome)
    }

    /// The answer to a wish whose record is stored.
    fn rolled(&self, now: Time, number: u64, alive: &BTreeSet<Life>) -> Option<Outcome> {
        if let Some(ReleaseRecord { why: Why::Undo(reason), by, .. }) = self.ledger.record(number + 1) {
            return Some(Outcome::CalledOff { reason: reason.clone(), by: *by });
        }
        let missing = self.missing(number, alive);
        let reports = alive.iter().filter_map(|life| self.of(*life)).filter(|report| report.number >= number);
        let reports: Vec<_> = reports.cloned().collect();
        // Another release comes when this one is everywhere. Twice: after half of the time, nodes go on without those before them.
        let is_over = self.ledger.number() > number
            || missing.is_empty() && reports.iter().all(|report| report.is_taken() && report.number == number)
            || now >= self.progress + self.patience * 2;
        is_over.then_some(Outcome::Done { number, reports, missing })
    }
}
