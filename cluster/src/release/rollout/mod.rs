//! How a node takes the releases of its cluster.
//!
//! | file | owns |
//! | --- | --- |
//! | `asking` | the release that somebody asks the node for |
//! | `need` | the release that a room's state is of |
//! | `publishing` | the records that the node adds |

mod asking;
mod need;
mod publishing;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytestring::ByteString;

use crate::life::Life;
use crate::publication::Publication;
use crate::timing::Time;

use super::ledger::Ledger;
use super::record::ReleaseRecord;
use super::report::{Report, Taking};
use super::wish::Outcome;
use asking::Asked;
use need::Need;
use publishing::Sent;

/// A node's part in the releases of its cluster. [`Rollout::poll`] tells what to do; the results come back by the other methods.
#[derive(Debug)]
pub struct Rollout {
    /// After so long without progress, a node goes on without those before it.
    patience: Duration,
    ledger: Ledger,
    /// The hash of the component that runs here.
    component: ByteString,
    /// The number of the last record that this node has taken.
    taken: u64,
    /// The number of the record that began the release which runs here. 0 if it is unknown.
    runs: u64,
    step: Step,
    /// A record that this node cannot take, and why.
    refused: Option<(u64, ByteString)>,
    /// A release has failed its probation while one was installed: its hash, that of the one which runs again, and how.
    failed: Option<(ByteString, ByteString, ByteString)>,
    /// The rooms and clients of the last release that was installed, with its number.
    counts: (u64, u64, u64),
    /// The last report that was sent.
    reported: Option<Report>,
    reports: BTreeMap<u16, Report>,
    /// When the last record, or a report about it, was seen.
    progress: Time,
    /// The record of this number is to be called off, for this reason.
    undo: Option<(u64, ByteString)>,
    sent: Option<Sent>,
    /// Nothing is published until a record of at least this sequence has come.
    behind: u64,
    asked: Option<Asked>,
    /// The release that rooms need now.
    need: Need,
}

/// The progress of this node with the last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Idle,
    Loading(u64),
    Loaded(u64),
    Installing(u64),
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Fetch and compile the component of this record, then call [`Rollout::loaded`].
    Load(ReleaseRecord),
    /// Let the loaded release take over, then call [`Rollout::installed`]. If the record is an undo, with the state at the swap that it undoes.
    Install(ReleaseRecord),
    /// Read the records from the stream's leader, then call [`Rollout::looked`].
    Look,
    /// Publish this record, then call [`Rollout::answered`].
    Publish(Publication<ReleaseRecord>),
    /// Publish this report. If it cannot be stored, call [`Rollout::report_lost`].
    Report(Report),
    /// Answer the wish.
    Answer(Outcome),
}

impl Rollout {
    /// A node that has started with the last release of this ledger, whose component has this hash. Other nodes may be taking that release: it may
    /// have been published just now.
    #[must_use]
    pub fn new(now: Time, ledger: Ledger, component: ByteString, patience: Duration) -> Self {
        let taken = ledger.number();
        let mut rollout = Self {
            patience,
            ledger: Ledger::default(),
            component,
            taken: 0,
            runs: 0,
            step: Step::Idle,
            refused: None,
            failed: None,
            counts: (0, 0, 0),
            reported: None,
            reports: BTreeMap::new(),
            progress: now,
            undo: None,
            sent: None,
            behind: 0,
            asked: None,
            need: Need::default(),
        };
        rollout.replaced(ledger);
        rollout.taken = taken;
        rollout
    }

    /// The records of the cluster.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The number of the last record that this node has taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The last reports of all numbers of nodes.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values()
    }

    /// A record of the stream, in its order.
    pub fn record(&mut self, now: Time, sequence: u64, record: ReleaseRecord) {
        if self.ledger.push(sequence, record) {
            self.progress = now;
        }
    }

    /// The records of the stream were read again. `known` is the sequence of the ledger's last record when that began.
    pub fn read(&mut self, now: Time, known: u64, ledger: Ledger) {
        if ledger.goes_on_from(&self.ledger, known) {
            ledger.records().for_each(|(sequence, record)| self.record(now, *sequence, record.clone()));
        } else {
            self.replaced(ledger);
        }
    }

    /// The stream is not as it was: it now has these records.
    fn replaced(&mut self, ledger: Ledger) {
        self.ledger = ledger;
        (self.taken, self.behind, self.undo) = (0, 0, None);
        let running = self.ledger.running().filter(|running| running.component.sha256 == self.component);
        self.runs = running.map_or(0, |running| running.number);
    }

    /// A report of a node, this one included.
    pub fn report(&mut self, now: Time, report: Report) {
        let is_progress = report.number == self.ledger.number();
        if self.reports.insert(report.life.number, report.clone()) != Some(report) && is_progress {
            self.progress = now;
        }
    }

    /// The last report that was to be published may be lost.
    pub fn report_lost(&mut self) {
        self.reported = None;
    }

    /// The component of this record is compiled, or cannot be.
    pub fn loaded(&mut self, number: u64, result: Result<(), ByteString>) {
        if self.step != Step::Loading(number) {
            return;
        }
        self.step = match result {
            Ok(()) => Step::Loaded(number),
            Err(reason) => {
                self.refuse(number, reason);
                Step::Idle
            }
        };
    }

    /// The release of this record runs here, in this many rooms with this many clients; or what ran before goes on.
    pub fn installed(&mut self, record: &ReleaseRecord, result: Result<(u64, u64), ByteString>) {
        self.step = Step::Idle;
        let (number, failed) = (record.number, self.failed.take());
        let (rooms, clients) = match result {
            Ok(counts) => counts,
            Err(reason) => return self.refuse(number, reason),
        };
        self.component = record.component.sha256.clone();
        if self.ledger.record(number) != Some(record) {
            // The stream is not as it was.
            self.runs = 0;
            return;
        }
        (self.taken, self.counts) = (number, (number, rooms, clients));
        let is_last = self.ledger.number() == number;
        self.runs = self.ledger.running().filter(|_| is_last).map_or(number, |running| running.number);
        if let Some((sha256, now_runs, reason)) = failed {
            self.failed(&sha256, now_runs, reason);
        }
    }

    /// The release with the hash `failed` has failed its probation here, and this node went back to the one with the hash `now_runs`.
    pub fn failed(&mut self, failed: &str, now_runs: ByteString, reason: ByteString) {
        if let Step::Installing(_) = self.step {
            // It may be the release that is being installed.
            self.failed = Some((failed.into(), now_runs, reason));
            return;
        }
        if self.component != failed {
            return;
        }
        if self.taken == self.ledger.number() {
            self.undo = Some((self.taken, reason));
        }
        let previous = self.ledger.previous().filter(|previous| previous.component.sha256 == now_runs);
        self.runs = previous.map_or(0, |previous| previous.number);
        self.component = now_runs;
    }

    fn refuse(&mut self, number: u64, reason: ByteString) {
        self.refused = Some((number, reason.clone()));
        // An undo that fails is not undone: that would go on for ever.
        if self.ledger.record(number).is_some_and(|record| !record.is_undo()) {
            self.undo = Some((number, reason));
        }
    }

    /// The next thing to do, until there is nothing. `me` is this node's life, and `alive` are all that are not over.
    pub fn poll(&mut self, now: Time, me: Option<Life>, alive: &BTreeSet<Life>) -> Option<Action> {
        // A clock that went backwards begins anew.
        self.progress = self.progress.min(now);
        self.take(now, me, alive)
            .or_else(|| self.next_look())
            .or_else(|| self.next_report(me?))
            .or_else(|| self.publish(now, me, alive))
            .or_else(|| self.answer(now, alive).map(Action::Answer))
    }

    /// The next step towards the last record.
    fn take(&mut self, now: Time, me: Option<Life>, alive: &BTreeSet<Life>) -> Option<Action> {
        let last = self.ledger.last()?;
        let number = last.number;
        let is_busy = matches!(self.step, Step::Loading(_) | Step::Installing(_));
        if number <= self.taken || is_busy || self.refused.as_ref().is_some_and(|(refused, _)| *refused == number) {
            return None;
        }
        if self.ledger.running().is_some_and(|running| running.number == self.runs) {
            self.step = Step::Idle;
            (self.taken, self.counts) = (number, (number, 0, 0));
            return None;
        }
        if self.step != Step::Loaded(number) {
            self.step = Step::Loading(number);
            return Some(Action::Load(last.clone()));
        }
        let goes = last.is_undo() || self.is_in_a_hurry() || me.is_some_and(|me| self.is_turn(now, me, alive));
        goes.then(|| {
            self.step = Step::Installing(number);
            Action::Install(last.clone())
        })
    }

    /// The node that has published the record is first; the others follow by their numbers.
    fn is_turn(&self, now: Time, me: Life, alive: &BTreeSet<Life>) -> bool {
        let first = self.ledger.last().map(|last| last.by);
        let place = |life: Life| (Some(life) != first, life.number);
        let mut before = alive.iter().filter(|life| place(**life) < place(me));
        // One that has refused calls the release off, and one that is ahead knows of a later record.
        let has_taken =
            |life: &Life| self.of(*life).is_some_and(|report| report.is_taken() && report.number == self.ledger.number());
        before.all(has_taken) || self.is_out_of_patience(now)
    }

    /// The last report of a node.
    fn of(&self, life: Life) -> Option<&Report> {
        self.reports.get(&life.number).filter(|report| report.life == life)
    }

    fn is_out_of_patience(&self, now: Time) -> bool {
        now >= self.progress + self.patience
    }

    /// The nodes that have not reported about the record of this number.
    fn missing(&self, number: u64, alive: &BTreeSet<Life>) -> Vec<Life> {
        let has_reported = |life: &Life| self.of(*life).is_some_and(|report| report.number >= number);
        alive.iter().copied().filter(|life| !has_reported(life)).collect()
    }

    fn next_report(&mut self, life: Life) -> Option<Action> {
        let refused = self.refused.as_ref().filter(|(number, _)| *number > self.taken && *number == self.ledger.number());
        let (number, taking) = match refused {
            Some((number, reason)) => (*number, Taking::Refused(reason.clone())),
            None => {
                let (number, rooms, clients) = self.counts;
                let (rooms, clients) = if number == self.taken { (rooms, clients) } else { (0, 0) };
                (self.taken, Taking::Taken { rooms, clients })
            }
        };
        let report = Report { life, number, taking };
        if self.reported.as_ref() == Some(&report) {
            return None;
        }
        self.reported = Some(report.clone());
        Some(Action::Report(report))
    }
}
